// SPDX-License-Identifier: Apache-2.0
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import type { Diagnostic } from "@codemirror/lint";
import { searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useMemo, useRef, useState } from "react";
import { cspNonce } from "@/app/nonce";
import { readText, replaceWith, toText, updateYaml } from "@/features/definition";
import type { Format, Read } from "@/features/definition";
import { useEditor } from "@/features/canvas/editor";
import { SelectField } from "@/ui/kit";
import { completeDefinition } from "./completion";
import "./text.css";

/** In the colours of the page, so that both themes can be read. */
const highlighting = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--info)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.atom], color: "var(--warn)" },
  { tag: tags.comment, color: "var(--text-2)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--bad)" },
]);
const language = new Compartment();
const completion = new Compartment();
const languageOf = (format: Format) => (format === "yaml" ? yaml() : json());

function diagnosticsOf(read: Read, length: number, problems: ReturnType<typeof useEditor>["problems"]): Diagnostic[] {
  const within = (at: number) => Math.min(Math.max(0, at), length);
  const errors = read.errors.map((error): Diagnostic => ({ from: within(error.from), to: within(error.to), severity: "error", message: error.message }));
  const found = read.dag === null ? [] : problems.map((problem): Diagnostic => {
    const { from, to } = read.placeOf(problem.pointer);
    return { from: within(from), to: within(to), severity: problem.severity, message: problem.message };
  });
  return [...errors, ...found].sort((a, b) => a.from - b.from);
}

export interface TextViewProps {
  /** The text is no definition at the moment: the document is as it was before. */
  onBroken: (broken: boolean) => void;
}

/** The document as text. What can be read is the document at once; what cannot is marked and changes nothing. */
export function TextView({ onBroken }: TextViewProps) {
  const { store, dag, problems, byType, selected, select } = useEditor();
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const [format, setFormat] = useState<Format>("yaml");
  const [text, setText] = useState(() => toText(dag, "yaml"));
  const shown = useRef(dag);
  const read = useMemo(() => readText(text, format), [text, format]);
  const latest = useRef({ store, select, read, selected });
  latest.current = { store, select, read, selected };

  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: toText(shown.current, "yaml"),
        extensions: [
          EditorView.cspNonce.of(cspNonce()), lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), lintGutter(),
          syntaxHighlighting(highlighting), language.of(languageOf("yaml")), completion.of([]), EditorView.lineWrapping,
          keymap.of([...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
          EditorView.contentAttributes.of({ "aria-label": "The pipeline as text" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) setText(update.state.doc.toString());
            if (!update.selectionSet || update.docChanged || !update.view.hasFocus) return;
            const step = latest.current.read.stepAt(update.state.selection.main.head);
            if (step && latest.current.selected[0] !== step) latest.current.select([step]);
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: completion.reconfigure(autocompletion({ override: [completeDefinition(byType, format)], activateOnTyping: true })) });
  }, [byType, format]);

  // From the text to the document.
  useEffect(() => {
    onBroken(read.dag === null);
    if (read.dag === null || JSON.stringify(read.dag) === JSON.stringify(shown.current)) return;
    shown.current = read.dag;
    store.apply("Edit the text", replaceWith(read.dag), "text");
  }, [read, store, onBroken]);
  useEffect(() => () => onBroken(false), [onBroken]);

  // From the document to the text: a change that was made elsewhere.
  useEffect(() => {
    const editor = view.current;
    if (!editor || dag === shown.current) return;
    shown.current = dag;
    const before = editor.state.doc.toString();
    const after = format === "yaml" ? updateYaml(before, dag) : toText(dag, "json");
    if (after !== before) editor.dispatch({ changes: { from: 0, to: before.length, insert: after } });
  }, [dag, format]);

  useEffect(() => {
    const editor = view.current;
    if (editor) editor.dispatch(setDiagnostics(editor.state, diagnosticsOf(read, editor.state.doc.length, problems)));
  }, [read, problems]);

  const change = (next: Format) => {
    const editor = view.current;
    setFormat(next);
    editor?.dispatch({ effects: language.reconfigure(languageOf(next)), changes: { from: 0, to: editor.state.doc.length, insert: toText(store.dag, next) } });
  };
  const first = read.errors[0];
  return (
    <section className="text-view" aria-label="Text">
      <div className="row text-head">
        <SelectField label={<span className="sr-only">Format</span>} value={format} onChange={(event) => change(event.target.value as Format)}
                     options={[{ value: "yaml", label: "YAML" }, { value: "json", label: "JSON" }]} />
        <span className="grow quiet truncate" role="status">
          {first ? `Line ${first.line}: ${first.message}` : "In step with the canvas"}
        </span>
      </div>
      <div className="text-editor" ref={host} />
    </section>
  );
}
