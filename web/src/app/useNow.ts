import { useBlocksQuery } from "../api/optionixApi";

/** The block that the tables stand at, and market time there. */
export function useNow(): { block: number; time: number } {
  const { data } = useBlocksQuery();
  return { block: data?.block.number ?? 0, time: data?.block.timestamp ?? 0 };
}
