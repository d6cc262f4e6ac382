// SPDX-License-Identifier: Apache-2.0
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { RouterProvider } from "react-router-dom";
import { ApiError } from "@/api/errors";
import { Toasts } from "@/ui/kit";
import { router } from "./routes";
import { TokenGate } from "./TokenGate";

/** What the service refuses it refuses again; what it could not do may work a moment later. */
function shouldRetry(failures: number, error: unknown): boolean {
  return failures < 2 && !(error instanceof ApiError && error.status < 500);
}

const client = new QueryClient({
  defaultOptions: { queries: { retry: shouldRetry, retryDelay: (attempt) => 400 * 2 ** attempt, staleTime: 5000 } },
});

export function App() {
  return (
    <QueryClientProvider client={client}>
      <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
        <Toasts>
          <RouterProvider router={router} future={{ v7_startTransition: true }} />
          <TokenGate />
        </Toasts>
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}
