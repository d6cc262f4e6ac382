// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Action } from "@/api/types";
import { searchActions } from "./search";

const action = (type: string, name: string, category: string, description: string) => ({ type, name, category, description }) as Action;
const actions = [
  action("shout", "Shout", "Text", "Text in upper case."),
  action("send", "Send Text", "Integration", "Sends something."),
  action("wait", "Wait", "Control Flow", "Waits before it goes on."),
];
const found = (text: string) => searchActions(actions, text).map((item) => item.type);

it("shows all in their order without a search", () => expect(found("  ")).toEqual(["shout", "send", "wait"]));
it("puts names before categories and descriptions", () => expect(found("text")).toEqual(["send", "shout"]));
it("wants every word", () => expect(found("text upper")).toEqual(["shout"]));
it("finds nothing where nothing fits", () => expect(found("zzz")).toEqual([]));
