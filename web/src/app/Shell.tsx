// SPDX-License-Identifier: Apache-2.0
import { Suspense, useSyncExternalStore } from "react";
import { NavLink, Outlet, ScrollRestoration } from "react-router-dom";
import { onTokenChange, setToken, token } from "@/api/token";
import { Icon } from "@/ui/icons/Icon";
import { IconButton, Menu, Skeleton } from "@/ui/kit";
import { prefix } from "./prefix";
import { setTheme, useTheme } from "./theme";
import type { Theme } from "./theme";

const places = [
  { to: "/pipelines", icon: "workflow", label: "Pipelines" },
  { to: "/executions", icon: "history", label: "Executions" },
  { to: "/actions", icon: "layout-grid", label: "Actions" },
] as const;

const themes: readonly { theme: Theme; icon: string; label: string }[] = [
  { theme: "system", icon: "monitor", label: "As the system" },
  { theme: "light", icon: "sun", label: "Light" },
  { theme: "dark", icon: "moon", label: "Dark" },
];

function ThemeMenu() {
  const chosen = useTheme();
  const icon = themes.find((item) => item.theme === chosen)?.icon ?? "monitor";
  return (
    <Menu trigger={<IconButton icon={icon} label="Theme" />}
          items={themes.map((item) => ({
            label: item.theme === chosen ? `${item.label} (chosen)` : item.label,
            icon: item.icon,
            onSelect: () => setTheme(item.theme),
          }))} />
  );
}

function SignOut() {
  const known = useSyncExternalStore(onTokenChange, token);
  if (!known) return null;
  const leave = () => {
    setToken(null);
    location.reload();
  };
  return <IconButton icon="log-out" label="Forget the token" onClick={leave} />;
}

/** What is around every page: where one is, and where one can go. */
export function Shell() {
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        To the content
      </a>
      <header className="topbar">
        <NavLink to="/" className="brand" aria-label="budpipeline, to the start">
          <span className="brand-mark">
            <Icon name="workflow" />
          </span>
          <span className="brand-name">budpipeline</span>
        </NavLink>
        <nav className="places" aria-label="Main">
          {places.map((place) => (
            <NavLink key={place.to} to={place.to} className="place">
              <Icon name={place.icon} />
              <span>{place.label}</span>
            </NavLink>
          ))}
        </nav>
        <div className="row">
          <a className="button" data-kind="ghost" data-icon-only="" href={`${prefix}/docs`} target="_blank" rel="noreferrer" aria-label="API description, in a new tab">
            <Icon name="code" />
          </a>
          <ThemeMenu />
          <SignOut />
        </div>
      </header>
      <main id="main" className="main" tabIndex={-1}>
        <Suspense fallback={<Skeleton />}>
          <Outlet />
        </Suspense>
      </main>
      <ScrollRestoration />
    </div>
  );
}
