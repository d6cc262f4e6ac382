// SPDX-License-Identifier: Apache-2.0
/** What all parts of the editor share: the document, what is chosen, and what the service says of it. */
import { createContext, useContext } from "react";
import type { Action, Json } from "@/api/types";
import { actionOf, ancestorsOf, findStep, idOf, isObject, nameOf, parametersOf, paramsOf, stepsOf } from "@/features/definition";
import type { Dag, DocumentStore, Marked, RoutesOf, Step } from "@/features/definition";
import { pathOf } from "@/features/forms/completion";
import type { Reference } from "@/features/forms/completion";
import type { Arranged } from "@/features/graph/usePlaces";

export interface Editor {
  readonly store: DocumentStore;
  readonly dag: Dag;
  readonly routes: RoutesOf;
  readonly byType: ReadonlyMap<string, Action>;
  readonly problems: readonly Marked[];
  readonly selected: readonly string[];
  readonly select: (ids: readonly string[]) => void;
  /** Where the steps stand. */
  readonly arranged: Arranged;
}

const Context = createContext<Editor | null>(null);
export const EditorProvider = Context.Provider;

export function useEditor(): Editor {
  const editor = useContext(Context);
  if (!editor) throw new Error("useEditor needs an <EditorProvider> around it");
  return editor;
}

/** The outputs of a step that its metadata names; `*` stands for those that only its parameters tell. */
function outputsOf(step: Step, action: Action | undefined): readonly string[] {
  const named = (action?.outputs ?? []).map((output) => output.name).filter((name) => name !== "*");
  const anyKeys = (action?.outputs ?? []).some((output) => output.name === "*");
  const own = anyKeys ? Object.values(paramsOf(step)).filter(isObject).flatMap((value) => Object.keys(value)) : [];
  const written = Array.isArray(step["outputs"]) ? (step["outputs"] as readonly Json[]).filter((name): name is string => typeof name === "string") : [];
  return [...new Set([...named, ...own, ...written])];
}

/** What a template of a step can read: parameters of the pipeline, and outputs of the steps before it; null: of all. */
export function referencesFor(dag: Dag, routes: RoutesOf, byType: ReadonlyMap<string, Action>, stepId: string | null): readonly Reference[] {
  const before = stepId === null ? null : ancestorsOf(dag, routes, stepId);
  const params = parametersOf(dag).map((parameter): Reference => ({ path: pathOf("params", parameter.name), about: parameter.description || "parameter" }));
  const outputs = stepsOf(dag)
    .filter((step) => before === null || before.has(idOf(step)))
    .flatMap((step) =>
      outputsOf(step, byType.get(actionOf(step))).map((name): Reference => ({ path: pathOf("steps", idOf(step), "outputs", name), about: nameOf(step) })),
    );
  return [...params, ...outputs];
}

/** The step that the panel shows: the one that is chosen, where it is the only one. */
export function shownStep(editor: Editor): Step | null {
  const [only, ...others] = editor.selected;
  return only !== undefined && others.length === 0 ? (findStep(editor.dag, only) ?? null) : null;
}
