// SPDX-License-Identifier: Apache-2.0
import { Tabs as Parts } from "radix-ui";
import type { ReactNode } from "react";

export interface Tab {
  id: string;
  label: ReactNode;
  content: ReactNode;
}

export interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  value: string;
  onChange: (id: string) => void;
}

/** Views of one thing; only the chosen one is mounted. Arrow keys move between them. */
export function Tabs({ label, tabs, value, onChange }: TabsProps) {
  return (
    <Parts.Root value={value} onValueChange={onChange}>
      <Parts.List className="tabs-list" aria-label={label}>
        {tabs.map((tab) => (
          <Parts.Trigger key={tab.id} value={tab.id} className="tab">
            {tab.label}
          </Parts.Trigger>
        ))}
      </Parts.List>
      {tabs.map((tab) => (
        <Parts.Content key={tab.id} value={tab.id} className="tab-content">
          {tab.content}
        </Parts.Content>
      ))}
    </Parts.Root>
  );
}
