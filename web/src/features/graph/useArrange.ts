// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "react";
import { moveSteps } from "@/features/definition";
import type { Dag, DocumentStore, RoutesOf } from "@/features/definition";
import { outlineOf } from "@/features/definition/layout";
import { findPlaces } from "./arranging";

/** Arranges all steps of a document anew. What is under way ends when the document changes meanwhile. */
export function useArrange(store: DocumentStore, dag: Dag, routes: RoutesOf, onError: (error: unknown) => void): { arrange: () => void; busy: boolean } {
  const running = useRef<AbortController | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => () => running.current?.abort(), [dag]);
  const arrange = () => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setBusy(true);
    findPlaces(outlineOf(store.dag, routes), abort.signal)
      .then((places) => void store.apply("Arrange all steps", moveSteps(places)))
      .catch((error: unknown) => !abort.signal.aborted && onError(error))
      .finally(() => running.current === abort && setBusy(false));
  };
  return { arrange, busy };
}
