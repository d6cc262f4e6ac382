// SPDX-License-Identifier: Apache-2.0
import { useMemo, useState } from "react";
import type { DragEvent } from "react";
import { useActions } from "@/api/actions";
import type { Action } from "@/api/types";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import { searchActions } from "@/features/catalogue/search";
import { Icon } from "@/ui/icons/Icon";
import { Badge, IconButton, Menu, Notice, Search } from "@/ui/kit";
import { toggleFavourite, useFavourites } from "./favourites";

/** What is dragged from the palette to the canvas. */
export const actionMime = "application/x-budpipeline-action";

interface ItemProps {
  action: Action;
  favourite: boolean;
  onAdd: (action: Action, params?: Readonly<Record<string, unknown>>) => void;
  onAbout: (action: Action) => void;
}

function Item({ action, favourite, onAdd, onAbout }: ItemProps) {
  const drag = (event: DragEvent) => {
    event.dataTransfer.setData(actionMime, action.type);
    event.dataTransfer.effectAllowed = "copy";
  };
  const reason = action.unavailable ?? action.deprecated;
  return (
    <li className="palette-row">
      <button type="button" className="palette-item" draggable={!action.unavailable} onDragStart={drag} onClick={() => onAdd(action)}
              disabled={Boolean(action.unavailable)} title={reason ?? action.description}>
        <ActionIcon icon={action.icon} color={action.color} size="s" />
        <span className="palette-texts">
          <span className="truncate">{action.name}</span>
          <span className={reason ? "palette-about palette-reason" : "palette-about truncate"}>{reason ?? action.description}</span>
        </span>
        {action.unavailable ? <Badge tone="bad">unavailable</Badge> : action.deprecated && <Badge tone="warn">deprecated</Badge>}
      </button>
      <Menu trigger={<IconButton icon="ellipsis" size="s" label={`More of ${action.name}`} />}
            items={[
              { label: favourite ? "No favourite any more" : "Make it a favourite", icon: "star", onSelect: () => toggleFavourite(action.type) },
              { label: "About this action", icon: "book", onSelect: () => onAbout(action) },
              ...(action.examples.length > 0 && !action.unavailable
                ? ["line" as const, ...action.examples.map((example) => ({ label: `Add the example “${example.title}”`, icon: "plus", onSelect: () => onAdd(action, example.params) }))]
                : []),
            ]} />
    </li>
  );
}

export interface PaletteProps {
  onAdd: (action: Action, params?: Readonly<Record<string, unknown>>) => void;
  onAbout: (action: Action) => void;
}

/** All actions to add as steps: by a click, by the keyboard, or dragged to a place. */
export function Palette({ onAdd, onAbout }: PaletteProps) {
  const { data, stale } = useActions();
  const [text, setText] = useState("");
  const favourites = useFavourites();
  const found = useMemo(() => searchActions(data?.actions ?? [], text), [data, text]);
  const types = new Set(found.map((action) => action.type));
  const liked = found.filter((action) => favourites.has(action.type));
  const groups = [
    { name: "Favourites", icon: "star", actions: liked },
    ...(data?.categories ?? []).map((category) => ({ ...category, actions: category.actions.filter((action) => types.has(action.type)) })),
  ];
  return (
    <aside className="palette" aria-label="Actions">
      <Search label="Search actions" placeholder="Search actions" value={text} onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                const first = found.find((action) => !action.unavailable);
                if (event.key === "Enter" && first) onAdd(first);
                if (event.key === "Escape") setText("");
              }} />
      {stale && <Notice tone="warn">The service does not answer: these actions may have changed.</Notice>}
      <div className="palette-scroll">
        {groups.filter((group) => group.actions.length > 0).map((group) => (
          <details key={group.name} open className="palette-group">
            <summary>
              <Icon name={group.icon} fallback="box" /> {group.name}
            </summary>
            <ul>
              {group.actions.map((action) => (
                <Item key={action.type} action={action} favourite={favourites.has(action.type)} onAdd={onAdd} onAbout={onAbout} />
              ))}
            </ul>
          </details>
        ))}
        {data && found.length === 0 && <p className="quiet">No action matches “{text}”.</p>}
      </div>
    </aside>
  );
}
