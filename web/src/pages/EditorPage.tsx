// SPDX-License-Identifier: Apache-2.0
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ReactFlowProvider } from "@xyflow/react";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useBlocker } from "react-router-dom";
import { useActions, useRoutes } from "@/api/actions";
import { ApiError } from "@/api/errors";
import { startExecution } from "@/api/executions";
import { forgetPipelines, savePipeline, usePipeline } from "@/api/pipelines";
import type { Action } from "@/api/types";
import { AboutDialog } from "@/features/canvas/AboutDialog";
import { Canvas } from "@/features/canvas/Canvas";
import { Palette } from "@/features/canvas/Palette";
import { PastRuns } from "@/features/canvas/PastRuns";
import { PipelinePanel } from "@/features/canvas/PipelinePanel";
import { QuickAdd } from "@/features/canvas/QuickAdd";
import { StepPanel } from "@/features/canvas/StepPanel";
import { newStep } from "@/features/canvas/adding";
import type { AddOptions } from "@/features/canvas/adding";
import { EditorProvider, shownStep } from "@/features/canvas/editor";
import type { Editor } from "@/features/canvas/editor";
import { everywhere, keyHelp, keyOf } from "@/features/canvas/keys";
import type { EditorKey } from "@/features/canvas/keys";
import {
  DocumentStore, all, copySteps, emptyDag, findStep, idOf, isObject, judge, keepPlaces, markRefusal, nameOf, pasteSteps, readSteps, removeSteps, stepsOf,
} from "@/features/definition";
import type { Dag, Marked, Snapshot } from "@/features/definition";
import { useDocument } from "@/features/definition/useDocument";
import { useArrange } from "@/features/graph/useArrange";
import { usePlaces } from "@/features/graph/usePlaces";
import { RunDialog } from "@/features/run/RunDialog";
import { LateText } from "@/features/text/LateText";
import { canReadClipboard, copyText } from "@/ui/clipboard";
import { Button, Confirm, Dialog, IconButton, Skeleton, useToaster } from "@/ui/kit";
import { useFramedPipeline } from "./PipelineFrame";
import type { FramedPipeline } from "./PipelineFrame";
import "@/features/canvas/canvas.css";

/** What the service says of the document, a moment after it has changed. */
function useProblems(dag: Dag): readonly Marked[] {
  const settled = useDeferredValue(dag);
  const [asked, setAsked] = useState(settled);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(settled), 350);
    return () => clearTimeout(timer);
  }, [settled]);
  const { data } = useQuery({
    queryKey: ["judged", asked],
    queryFn: ({ signal }) => judge(asked, signal),
    enabled: stepsOf(asked).length > 0,
    placeholderData: (before) => before,
    gcTime: 30_000,
    retry: false,
  });
  return stepsOf(asked).length > 0 ? (data ?? []) : [];
}

interface Saving {
  save: () => void;
  busy: boolean;
  refused: readonly Marked[];
  /** Somebody else saved meanwhile. */
  conflict: boolean;
  overwrite: () => void;
  reload: () => void;
  forget: () => void;
}

function useSaving({ pipeline, etag }: FramedPipeline, store: DocumentStore): Saving {
  const client = useQueryClient();
  const toaster = useToaster();
  const known = useRef(etag);
  const sent = useRef(store.dag);
  const [refused, setRefused] = useState<readonly Marked[]>([]);
  const [conflict, setConflict] = useState(false);
  // One after the other: each then knows the version that the one before it made.
  const mutation = useMutation({
    scope: { id: `save ${pipeline.id}` },
    mutationFn: async ({ over }: { over: boolean }) => {
      const { dag } = store;
      sent.current = dag;
      if (!store.getSnapshot().dirty) return null;
      return savePipeline(pipeline.id, dag, over ? null : known.current, { name: typeof dag["name"] === "string" && dag["name"] ? dag["name"] : pipeline.name, icon: pipeline.icon });
    },
    onSuccess: (answer) => {
      setConflict(false);
      if (!answer) return;
      known.current = answer.etag;
      store.markSaved(sent.current);
      setRefused([]);
      toaster.done(`Saved as version ${answer.data.version}`);
      void forgetPipelines(client);
    },
    onError: (error) => {
      if (error instanceof ApiError && (error.status === 409 || error.status === 412) && error.code !== "DUPLICATE_NAME") setConflict(true);
      else {
        if (error instanceof ApiError) setRefused(markRefusal(sent.current, error.problems));
        toaster.failed("Not saved", error);
      }
    },
  });
  return {
    save: () => mutation.mutate({ over: false }),
    busy: mutation.isPending,
    refused,
    conflict,
    overwrite: () => mutation.mutate({ over: true }),
    reload: () => {
      store.markSaved(store.dag);
      setTimeout(() => location.reload());
    },
    forget: () => setConflict(false),
  };
}

function Bar({ snapshot, saving, blocked, arranging, textShown, paletteShown, onDo }: {
  snapshot: Snapshot; saving: Saving; blocked: boolean; arranging: boolean; textShown: boolean; paletteShown: boolean; onDo: (key: EditorKey | "palette" | "pipeline" | "undo" | "redo") => void;
}) {
  return (
    <div className="editor-bar" role="toolbar" aria-label="Editor">
      <IconButton icon="panel-left" label={paletteShown ? "Hide the actions" : "Show the actions"} aria-pressed={paletteShown} onClick={() => onDo("palette")} />
      <Button icon="plus" size="s" onClick={() => onDo("add")}>Add a step</Button>
      <span className="editor-bar-line" />
      <IconButton icon="undo" label={snapshot.undo ? `Undo: ${snapshot.undo}` : "Undo"} keys="Ctrl+Z" disabled={!snapshot.undo} onClick={() => onDo("undo")} />
      <IconButton icon="redo" label={snapshot.redo ? `Redo: ${snapshot.redo}` : "Redo"} keys="Ctrl+Shift+Z" disabled={!snapshot.redo} onClick={() => onDo("redo")} />
      <IconButton icon="sparkles" label="Arrange all steps" keys="L" busy={arranging} onClick={() => onDo("arrange")} />
      <span className="grow" />
      <span className="quiet nowrap" role="status">{snapshot.dirty ? "Not saved" : "Saved"}</span>
      <IconButton icon="keyboard" label="Keys" keys="?" onClick={() => onDo("help")} />
      <Button icon="gear" size="s" onClick={() => onDo("pipeline")}>Pipeline</Button>
      <Button icon="code" size="s" aria-pressed={textShown} onClick={() => onDo("text")}>Text</Button>
      <Button icon="save" size="s" busy={saving.busy} disabled={!snapshot.dirty || blocked} title={blocked ? "A field or the text cannot be read at the moment" : undefined} onClick={() => onDo("save")}>Save</Button>
      <Button icon="play" size="s" kind="primary" disabled={stepsOf(snapshot.dag).length === 0} onClick={() => onDo("run")}>Run</Button>
    </div>
  );
}

function Keys({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keys">
      <dl className="key-help">
        {keyHelp.map(([keys, what]) => (
          <div key={keys}>
            <dt><kbd>{keys}</kbd></dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

/** Whether keys belong to what has the focus. */
const isTyping = (target: HTMLElement | null): boolean =>
  target instanceof Element && target.closest("input, textarea, select, [contenteditable=true], [role=dialog], [role=menu]") !== null;

type Panel = "step" | "pipeline" | null;

function Workbench({ framed }: { framed: FramedPipeline }) {
  const { pipeline } = framed;
  const [store] = useState(() => new DocumentStore((isObject(pipeline.dag) ? pipeline.dag : emptyDag(pipeline.name)) as Dag));
  const snapshot = useDocument(store);
  const { dag } = snapshot;
  const { byType } = useActions();
  const routes = useRoutes();
  const toaster = useToaster();
  const saving = useSaving(framed, store);
  const judged = useProblems(dag);
  const problems = useMemo(() => (saving.refused.length && snapshot.dirty ? [...judged, ...saving.refused.filter((one) => !judged.some((other) => other.pointer === one.pointer))] : judged), [judged, saving.refused, snapshot.dirty]);
  const arranged = usePlaces(dag, routes);
  const arranging = useArrange(store, dag, routes, (error) => toaster.failed("Not arranged", error));
  const [selected, setSelected] = useState<readonly string[]>([]);
  const [panel, setPanel] = useState<Panel>("step");
  const [palette, setPalette] = useState(() => window.matchMedia("(min-width: 60rem)").matches);
  const [text, setText] = useState(false);
  const [adding, setAdding] = useState(false);
  const [running, setRunning] = useState(false);
  const [help, setHelp] = useState(false);
  const [about, setAbout] = useState<Action | null>(null);
  const [fieldBroken, setFieldBroken] = useState(false);
  const [textBroken, setTextBroken] = useState(false);
  const blocked = fieldBroken || textBroken;
  const workbench = useRef<HTMLDivElement>(null);
  const leaving = useBlocker(({ currentLocation, nextLocation }) => snapshot.dirty && currentLocation.pathname !== nextLocation.pathname);

  useEffect(() => {
    if (!snapshot.dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [snapshot.dirty]);

  const select = useCallback((ids: readonly string[]) => {
    setSelected((before) => (before.length === ids.length && before.every((id, index) => id === ids[index]) ? before : ids));
    if (ids.length === 1) setPanel("step");
  }, []);
  const editor = useMemo((): Editor => ({ store, dag, routes, byType, problems, selected: selected.filter((id) => findStep(dag, id)), select, arranged }), [store, dag, routes, byType, problems, selected, select, arranged]);
  const step = shownStep(editor);

  const add = (action: Action, options: AddOptions = {}) => {
    const { id, command } = newStep(store.dag, arranged.places, action, options);
    store.apply(`Add ${action.name}`, command);
    select([id]);
    setAdding(false);
  };
  const last = editor.selected.at(-1) ?? null;
  const addBehind = (action: Action, params?: Readonly<Record<string, unknown>>) => add(action, { after: last, params });

  const copy = () => {
    if (editor.selected.length === 0) return false;
    void copyText(copySteps(dag, editor.selected)).catch((error: unknown) => toaster.failed("Not copied", error));
    return true;
  };
  const paste = (text: string) => {
    const copied = readSteps(text);
    if (!copied) return;
    const { command, ids } = pasteSteps(store.dag, copied, routes);
    store.apply(`Paste ${ids.length === 1 ? "a step" : `${ids.length} steps`}`, all(keepPlaces(arranged.places), command));
    select(ids);
  };
  /** The node of the step that is chosen, to go on from there by keyboard. */
  const chosen = useRef(last);
  chosen.current = last;
  const chosenNode = () => (chosen.current === null ? null : workbench.current?.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(chosen.current)}"]`) ?? null);
  const closePanel = (next: Panel) => {
    setPanel(next);
    (chosenNode() ?? document.getElementById("main"))?.focus();
  };
  const focusPanel = () => {
    setPanel("step");
    requestAnimationFrame(() => workbench.current?.querySelector<HTMLElement>("[data-first-field]")?.focus());
  };

  const run = () => {
    if (stepsOf(dag).length === 0) toaster.failed("Not run", new Error("There is no step yet"));
    else if (blocked) toaster.failed("Not run", new Error("A field or the text cannot be read at the moment"));
    else if (snapshot.dirty) toaster.failed("Not run", new Error("Save first: what is run is what was saved"));
    else setRunning(true);
  };
  const doKey: Record<EditorKey | "palette" | "pipeline", () => void> = {
    undo: () => store.undo(),
    redo: () => store.redo(),
    copy: () => void copy(),
    cut: () => {
      if (copy()) store.apply("Cut", removeSteps(editor.selected, routes));
    },
    paste: () => void navigator.clipboard.readText().then(paste).catch((error: unknown) => toaster.failed("Not pasted", error)),
    all: () => setSelected(stepsOf(dag).map(idOf)),
    save: () => snapshot.dirty && !blocked && saving.save(),
    add: () => setAdding(true),
    open: focusPanel,
    arrange: arranging.arrange,
    text: () => {
      setText(!text);
      if (!text) setPalette(false);
    },
    run,
    help: () => setHelp(true),
    palette: () => setPalette((shown) => !shown),
    pipeline: () => setPanel((shown) => (shown === "pipeline" ? "step" : "pipeline")),
  };

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const key = keyOf(event);
      const target = event.target as HTMLElement | null;
      const typing = isTyping(target);
      const onButton = target?.closest("button, a, summary");
      if (key === "paste" && !canReadClipboard()) return;
      if (!key || event.defaultPrevented || (typing && !everywhere.has(key)) || (onButton && key === "open")) return;
      event.preventDefault();
      doKey[key]();
    };
    const bring = (event: ClipboardEvent) => {
      if (!canReadClipboard() && !isTyping(event.target as HTMLElement | null)) paste(event.clipboardData?.getData("text/plain") ?? "");
    };
    window.addEventListener("keydown", press);
    window.addEventListener("paste", bring);
    return () => {
      window.removeEventListener("keydown", press);
      window.removeEventListener("paste", bring);
    };
  });

  const empty = stepsOf(dag).length === 0;
  return (
    <EditorProvider value={editor}>
      <ReactFlowProvider>
        <div className="editor" ref={workbench}>
          <Bar snapshot={snapshot} saving={saving} blocked={blocked} arranging={arranging.busy} textShown={text} paletteShown={palette} onDo={(what) => doKey[what]()} />
          <div className="editor-body">
            {palette && <Palette onAdd={addBehind} onAbout={setAbout} />}
            <div className="editor-canvas">
              <Canvas onDrop={(type, at) => { const action = byType.get(type); if (action) add(action, { at }); }} onOpen={focusPanel} />
              {empty && <p className="editor-empty">Drag an action here, or press <kbd>A</kbd>.</p>}
            </div>
            {text && <LateText onBroken={setTextBroken} />}
            <PastRuns pipelineId={pipeline.id}>
              {panel === "pipeline" ? (
                <PipelinePanel onClose={() => closePanel("step")} onBroken={setFieldBroken} />
              ) : (
                step && panel === "step" && <StepPanel key={idOf(step)} step={step} onClose={() => closePanel(null)} onBroken={setFieldBroken} onAbout={setAbout} />
              )}
            </PastRuns>
          </div>
        </div>
        <QuickAdd open={adding} onOpenChange={setAdding} onAdd={(action) => addBehind(action)} focusAfter={chosenNode} after={last ? nameOf(findStep(dag, last) ?? {}) : null} />
        {about && <AboutDialog action={about} onClose={() => setAbout(null)} onAdd={(params) => { setAbout(null); addBehind(about, params); }} />}
        <Keys open={help} onOpenChange={setHelp} />
        <RunDialog open={running} onOpenChange={setRunning} name={pipeline.name} dag={dag} start={(params) => startExecution(pipeline.id, params)} />
        <Confirm open={saving.conflict} onOpenChange={saving.forget} title="Somebody else saved meanwhile" action="Save over it" danger busy={saving.busy} onConfirm={saving.overwrite}>
          Your version can replace theirs, which stays among the versions. Or <button type="button" className="link" onClick={saving.reload}>load theirs</button> and lose your changes.
        </Confirm>
        <Confirm open={leaving.state === "blocked"} onOpenChange={() => leaving.reset?.()} title="Leave without saving?" action="Leave" danger onConfirm={() => leaving.proceed?.()}>
          What you changed since it was last saved is lost.
        </Confirm>
      </ReactFlowProvider>
    </EditorProvider>
  );
}

/** What is edited is what is stored now, and not what was read some time ago. */
function Fresh({ framed }: { framed: FramedPipeline }) {
  const { isFetching } = usePipeline(framed.pipeline.id);
  const [begun, setBegun] = useState(!isFetching);
  if (!begun && !isFetching) setBegun(true);
  return begun ? <Workbench framed={framed} /> : <div className="page"><Skeleton lines={8} label="Loading the pipeline" /></div>;
}

export function Component() {
  const framed = useFramedPipeline();
  return <Fresh key={framed.pipeline.id} framed={framed} />;
}
