import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StreamSocket, type StreamMessage } from "@optionix/client";

/** A socket whose other side the test plays. */
class PlayedSocket {
  static last: PlayedSocket;
  static readonly OPEN = 1;
  readyState = 0;
  sent: { op: string; channels: string[] }[] = [];
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (event: { data: string }) => void;

  constructor() {
    PlayedSocket.last = this;
  }

  send(text: string) {
    this.sent.push(JSON.parse(text));
  }

  open() {
    this.readyState = PlayedSocket.OPEN;
    this.onopen?.();
  }

  say(type: string, sequence: number, data: unknown = {}) {
    this.onmessage?.({ data: JSON.stringify({ channel: "blocks", type, sequence, block: { number: sequence }, data }) });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", PlayedSocket);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the stream", () => {
  it("hands on the snapshot and the updates in order", () => {
    const seen: StreamMessage[] = [];
    new StreamSocket("ws://test").subscribe("blocks", (message) => seen.push(message));
    PlayedSocket.last.open();
    expect(PlayedSocket.last.sent).toEqual([{ op: "subscribe", channels: ["blocks"] }]);
    PlayedSocket.last.say("snapshot", 4);
    PlayedSocket.last.say("update", 5);
    expect(seen.map((message) => message.sequence)).toEqual([4, 5]);
  });

  it("asks for a new snapshot at a gap and shows nothing from beyond it", () => {
    const seen: StreamMessage[] = [];
    new StreamSocket("ws://test").subscribe("blocks", (message) => seen.push(message));
    PlayedSocket.last.open();
    PlayedSocket.last.say("snapshot", 1);
    PlayedSocket.last.say("update", 3);
    expect(seen).toHaveLength(1);
    expect(PlayedSocket.last.sent).toHaveLength(2);
    PlayedSocket.last.say("snapshot", 3);
    PlayedSocket.last.say("update", 4);
    expect(seen.map((message) => message.sequence)).toEqual([1, 3, 4]);
  });

  it("connects again after a loss and subscribes to all it had", () => {
    const states: string[] = [];
    const socket = new StreamSocket("ws://test");
    socket.watch((state) => states.push(state));
    socket.subscribe("blocks", () => undefined);
    const first = PlayedSocket.last;
    first.open();
    first.readyState = 3;
    first.onclose?.();
    vi.advanceTimersByTime(600);
    expect(PlayedSocket.last).not.toBe(first);
    PlayedSocket.last.open();
    expect(PlayedSocket.last.sent).toEqual([{ op: "subscribe", channels: ["blocks"] }]);
    expect(states).toEqual(["connecting", "connecting", "open", "lost", "connecting", "open"]);
  });

  it("says goodbye to a channel that nobody reads any more", () => {
    const leave = new StreamSocket("ws://test").subscribe("blocks", () => undefined);
    PlayedSocket.last.open();
    leave();
    expect(PlayedSocket.last.sent.at(-1)).toEqual({ op: "unsubscribe", channels: ["blocks"] });
  });
});
