import type { components } from "./schema.js";

/**
 * One connection for any number of channels. A channel's reader gets its snapshot, then updates; after a lost connection
 * or a gap in the sequence it gets a new snapshot.
 */

export type BlockRef = components["schemas"]["BlockRef"];

export interface StreamMessage {
  channel: string;
  type: "snapshot" | "update";
  sequence: number;
  block: BlockRef;
  data: unknown;
}

export type Connection = "connecting" | "open" | "lost";
type Reader = (message: StreamMessage) => void;

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;

export class StreamSocket {
  private socket: WebSocket | null = null;
  private readonly readers = new Map<string, Set<Reader>>();
  private readonly sequences = new Map<string, number>();
  private readonly watchers = new Set<(state: Connection) => void>();
  private retry = FIRST_RETRY_MS;
  private state: Connection = "connecting";

  constructor(private readonly url: string) {}

  /** Reads a channel until the returned function is called. */
  subscribe(channel: string, reader: Reader): () => void {
    let readers = this.readers.get(channel);
    if (!readers) {
      readers = new Set();
      this.readers.set(channel, readers);
    }
    readers.add(reader);
    if (!this.socket) this.connect();
    this.send("subscribe", [channel]);
    return () => {
      readers.delete(reader);
      if (readers.size > 0) return;
      this.readers.delete(channel);
      this.sequences.delete(channel);
      this.send("unsubscribe", [channel]);
    };
  }

  /** Told at once and at every change of the connection. */
  watch(watcher: (state: Connection) => void): () => void {
    this.watchers.add(watcher);
    watcher(this.state);
    return () => this.watchers.delete(watcher);
  }

  private connect(): void {
    this.moveTo("connecting");
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      this.retry = FIRST_RETRY_MS;
      this.moveTo("open");
      this.sequences.clear();
      this.send("subscribe", [...this.readers.keys()]);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data);
    socket.onclose = () => {
      this.moveTo("lost");
      setTimeout(() => this.connect(), this.retry);
      this.retry = Math.min(this.retry * 2, LAST_RETRY_MS);
    };
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as Partial<StreamMessage>;
    const { channel, type, sequence } = message;
    if (channel === undefined || sequence === undefined) return;
    const last = this.sequences.get(channel);
    if (type === "update" && (last === undefined || sequence !== last + 1)) {
      this.sequences.delete(channel);
      this.send("subscribe", [channel]);
      return;
    }
    this.sequences.set(channel, sequence);
    for (const reader of this.readers.get(channel) ?? []) reader(message as StreamMessage);
  }

  private send(op: "subscribe" | "unsubscribe", channels: string[]): void {
    if (channels.length > 0 && this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ op, channels }));
    }
  }

  private moveTo(state: Connection): void {
    this.state = state;
    for (const watcher of this.watchers) watcher(state);
  }
}
