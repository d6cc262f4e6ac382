// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { executionKeys } from "@/api/executions";
import { openStream } from "@/api/sse";
import type { StreamState } from "@/api/sse";

const restMs = 1500;
const pollMs = 10_000;

/**
 * Asks for lists of executions again when something happened to any of them, at most every 1.5 seconds. A token that may
 * not read the stream of all executions makes it ask now and then instead.
 */
export function useLiveExecutions(): StreamState {
  const client = useQueryClient();
  const [state, setState] = useState<StreamState>("connecting");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    let poll: ReturnType<typeof setInterval> | null = null;
    const ask = () => {
      timer = null;
      void client.invalidateQueries({ queryKey: [...executionKeys.all, "list"] });
    };
    const close = openStream("/executions/stream", {
      onEvent: () => {
        timer ??= setTimeout(ask, restMs);
      },
      onState: (next) => {
        setState(next);
        if (next === "refused") poll ??= setInterval(ask, pollMs);
      },
    });
    return () => {
      close();
      if (timer) clearTimeout(timer);
      if (poll) clearInterval(poll);
    };
  }, [client]);
  return state;
}
