// SPDX-License-Identifier: Apache-2.0
import { useSyncExternalStore } from "react";
import type { DocumentStore, Snapshot } from "./store";

/** The document now; the component is drawn again when it changes. */
export const useDocument = (store: DocumentStore): Snapshot => useSyncExternalStore(store.subscribe, store.getSnapshot);
