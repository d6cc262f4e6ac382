// SPDX-License-Identifier: Apache-2.0
import { useCallback, useDeferredValue, useState } from "react";
import { Link, NavLink, useParams } from "react-router-dom";
import { useActions } from "@/api/actions";
import type { Action, ActionList } from "@/api/types";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import { ActionPage } from "@/features/catalogue/ActionPage";
import { searchActions } from "@/features/catalogue/search";
import { stepOf } from "@/features/catalogue/step";
import { copySteps, emptyDag, idOf, stepsOf } from "@/features/definition";
import type { Dag } from "@/features/definition";
import { CreateDialog } from "@/features/lists/PipelineDialogs";
import { TryIt } from "@/features/run/TryIt";
import { usePageTitle } from "@/app/title";
import { Icon } from "@/ui/icons/Icon";
import { Badge, Button, ButtonLink, ErrorState, IconButton, Notice, Search, Skeleton, State, useToaster } from "@/ui/kit";
import { copyText } from "@/ui/clipboard";

function Marks({ action }: { action: Action }) {
  if (action.unavailable) return <Badge tone="bad">unavailable</Badge>;
  if (action.deprecated) return <Badge tone="warn">deprecated</Badge>;
  return null;
}

function Category({ category, found }: { category: ActionList["categories"][number]; found: ReadonlySet<string> }) {
  const actions = category.actions.filter((action) => found.has(action.type));
  if (actions.length === 0) return null;
  return (
    <section aria-label={category.name}>
      <h2 className="catalogue-category">
        <Icon name={category.icon} fallback="box" />
        {category.name}
      </h2>
      <ul>
        {actions.map((action) => (
          <li key={action.type}>
            <NavLink className="catalogue-item" to={`/actions/${encodeURIComponent(action.type)}`}>
              <ActionIcon icon={action.icon} color={action.color} size="s" />
              <span className="grow truncate">{action.name}</span>
              <Marks action={action} />
            </NavLink>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Overview({ actions }: { actions: readonly Action[] }) {
  return (
    <div className="stack">
      <header>
        <h1>Actions</h1>
        <p className="quiet">What a step can do. Everything here comes from the metadata of {actions.length} actions of this service.</p>
      </header>
      <ul className="catalogue-cards">
        {actions.map((action) => (
          <li key={action.type} className="card">
            <Link className="catalogue-card" to={`/actions/${encodeURIComponent(action.type)}`}>
              <ActionIcon icon={action.icon} color={action.color} />
              <div className="grow">
                <h2 className="catalogue-name">
                  {action.name} <Marks action={action} />
                </h2>
                <p>{action.description}</p>
              </div>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

type Params = Readonly<Record<string, unknown>>;

/** A pipeline of one step, which has the parameters. */
function pipelineWith(action: Action, params: Params | undefined, name: string): Dag {
  const dag = emptyDag(name);
  return { ...dag, steps: [stepOf(dag, action, params)] };
}

/** The page of an action, from where it can be tried and its examples be taken. */
function Usable({ action }: { action: Action }) {
  const toaster = useToaster();
  const [tried, setTried] = useState<{ params: Params | undefined } | null>(null);
  const [begun, setBegun] = useState<Dag | null>(null);
  const stopTrying = useCallback(() => setTried(null), []);
  const copy = (params: Params) => {
    const dag = pipelineWith(action, params, "");
    copyText(copySteps(dag, stepsOf(dag).map(idOf))).then(
      () => toaster.done("Copied: paste it into a pipeline"),
      (error: unknown) => toaster.failed("It could not be copied", error),
    );
  };
  return (
    <>
      <ActionPage action={action}
                  commands={
                    <Button kind="primary" icon="play" disabled={Boolean(action.unavailable)} onClick={() => setTried({ params: undefined })}>
                      Try it
                    </Button>
                  }
                  commandsOf={(example) => (
                    <>
                      <Button size="s" icon="play" disabled={Boolean(action.unavailable)} onClick={() => setTried({ params: example.params })}>
                        Try it
                      </Button>
                      <Button size="s" icon="plus" onClick={() => setBegun(pipelineWith(action, example.params, example.title))}>
                        New pipeline
                      </Button>
                      <IconButton size="s" icon="copy" label={`Copy “${example.title}” as a step`} onClick={() => copy(example.params)} />
                    </>
                  )} />
      {tried && <TryIt action={action} params={tried.params} onClose={stopTrying} />}
      {begun && <CreateDialog open onOpenChange={() => setBegun(null)} begin={begun} />}
    </>
  );
}

function Chosen({ type, list }: { type: string; list: ActionList }) {
  const action = list.actions.find((item) => item.type === type);
  usePageTitle(action?.name ?? "Actions");
  if (action) return <Usable key={action.type} action={action} />;
  return (
    <State whole icon="puzzle" title="No such action" actions={<ButtonLink to="/actions">All actions</ButtonLink>}>
      This service has no action of the type “{type}”. It may have been removed, or belong to a package that is not installed here.
    </State>
  );
}

export function Component() {
  const { type } = useParams();
  const { data, error, isPending, stale, refetch } = useActions();
  const [text, setText] = useState("");
  const search = useDeferredValue(text);
  usePageTitle("Actions");
  if (isPending)
    return (
      <div className="page">
        <Skeleton lines={8} label="Loading the actions" />
      </div>
    );
  if (!data) return <ErrorState whole error={error} title="The actions could not be loaded" onRetry={() => void refetch()} />;
  const found = searchActions(data.actions, search);
  const foundTypes = new Set(found.map((action) => action.type));
  return (
    <div className="page">
      {stale && <Notice tone="warn">The service does not answer. These actions are the last that it told of.</Notice>}
      <div className="catalogue">
        <nav className="card catalogue-list" aria-label="Actions by category">
          <Search label="Search actions" placeholder="Search actions" value={text} onChange={(event) => setText(event.target.value)} />
          <div className="catalogue-scroll">
            {data.categories.map((category) => (
              <Category key={category.name} category={category} found={foundTypes} />
            ))}
            {found.length === 0 && <p className="quiet">No action matches “{search}”.</p>}
          </div>
        </nav>
        {type ? <Chosen type={type} list={data} /> : <Overview actions={found} />}
      </div>
    </div>
  );
}
