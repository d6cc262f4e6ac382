// SPDX-License-Identifier: Apache-2.0
/** Places for an outline: at once where it is small, from a worker where it would hold up the page. */
import { arrangeOutline, noPlaces } from "@/features/definition/layout";
import type { Outline, Places } from "@/features/definition/layout";
import type { Point } from "@/features/definition";

/** As many are arranged within two frames. */
const smallMost = 80;
const rememberedMost = 8;
const remembered = new Map<string, Places>();

export const keyOfOutline = (outline: Outline): string => JSON.stringify([outline.nodes, outline.edges]);

function remember(key: string, places: Places): Places {
  remembered.set(key, places);
  const [oldest] = remembered.keys();
  if (remembered.size > rememberedMost && oldest !== undefined) remembered.delete(oldest);
  return places;
}

/** What is known at once, or null. */
export function placesAtOnce(outline: Outline, key = keyOfOutline(outline)): Places | null {
  if (outline.nodes.length === 0) return noPlaces;
  const known = remembered.get(key);
  if (known) return known;
  return outline.nodes.length <= smallMost ? remember(key, arrangeOutline(outline)) : null;
}

function askWorker(outline: Outline, signal: AbortSignal): Promise<Places> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    const end = () => {
      worker.terminate();
      signal.removeEventListener("abort", stop);
    };
    const stop = () => {
      end();
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop);
    worker.addEventListener("message", ({ data }: MessageEvent<[string, Point][]>) => {
      end();
      resolve(new Map(data));
    });
    worker.addEventListener("error", (event) => {
      end();
      reject(new Error(event.message || "The worker that arranges steps does not start"));
    });
    worker.postMessage(outline);
  });
}

/** Places for an outline. What is not wanted any more is stopped by `signal`, which rejects. */
export async function findPlaces(outline: Outline, signal: AbortSignal): Promise<Places> {
  const key = keyOfOutline(outline);
  return placesAtOnce(outline, key) ?? remember(key, await askWorker(outline, signal));
}
