// SPDX-License-Identifier: Apache-2.0
import { useDeferredValue, useState } from "react";
import { Link, NavLink, useParams } from "react-router-dom";
import { useActions } from "@/api/actions";
import type { Action, ActionList } from "@/api/types";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import { ActionPage } from "@/features/catalogue/ActionPage";
import { searchActions } from "@/features/catalogue/search";
import { usePageTitle } from "@/app/title";
import { Icon } from "@/ui/icons/Icon";
import { Badge, ButtonLink, ErrorState, Notice, Search, Skeleton, State } from "@/ui/kit";

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

function Chosen({ type, list }: { type: string; list: ActionList }) {
  const action = list.actions.find((item) => item.type === type);
  usePageTitle(action?.name ?? "Actions");
  if (action) return <ActionPage action={action} />;
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
