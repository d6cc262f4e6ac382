// SPDX-License-Identifier: Apache-2.0
/** Finds the places of one outline, aside from the page. */
import { arrangeOutline } from "@/features/definition/layout";
import type { Outline } from "@/features/definition/layout";

addEventListener("message", ({ data }: MessageEvent<Outline>) => postMessage([...arrangeOutline(data)]));
