/** The built-in model, which a worker builds after the first start of a demo. */
import { useEffect, useRef } from "react";
import { $api, invalidate } from "@/api/client";

const ASKED_EVERY_MS = 3_000;

/** Where it is, asked again while it is being built; what lists checkpoints is fetched anew once it is there. */
export function useTinyBase() {
  const { data } = $api.useQuery(
    "get",
    "/api/v1/checkpoints/tiny-base",
    {},
    { refetchInterval: ({ state }) => (state.data?.state === "building" ? ASKED_EVERY_MS : false) },
  );
  const before = useRef(data?.state);
  useEffect(() => {
    // It may have been finished between the list, which was read without it, and the first answer here.
    if (data?.state === "ready" && before.current !== "ready") void invalidate("/api/v1/checkpoints");
    before.current = data?.state;
  }, [data?.state]);
  return data;
}
