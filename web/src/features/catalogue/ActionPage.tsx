// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";
import type { Action, Param } from "@/api/types";
import { Badge, Notice } from "@/ui/kit";
import { ActionIcon } from "./ActionIcon";

/** What each effect means for a person. */
export const effects = {
  pure: "Touches nothing outside. It may be run again at any time.",
  idempotent: "Touches the outside. It is repeated with the same key after an unknown outcome.",
  once: "Touches the outside. It is never repeated silently.",
};

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function rulesOf(param: Param): string[] {
  const rules = param.validation ?? {};
  const bounds = [
    rules.min !== undefined && `at least ${rules.min}`,
    rules.max !== undefined && `at most ${rules.max}`,
    rules.minLength !== undefined && `at least ${rules.minLength} characters`,
    rules.maxLength !== undefined && `at most ${rules.maxLength} characters`,
    rules.pattern !== undefined && (rules.patternMessage ?? `matches ${rules.pattern}`),
    param.default !== undefined && param.default !== null && param.default !== "" && `default ${JSON.stringify(param.default)}`,
  ];
  const when = param.visibleWhen;
  const shown = when && (when.equals !== undefined && when.equals !== null
    ? `where ${when.param} is ${JSON.stringify(when.equals)}`
    : when.notEquals !== undefined && when.notEquals !== null && `where ${when.param} is not ${JSON.stringify(when.notEquals)}`);
  const options = param.options?.length ? `one of ${param.options.map((option) => option.value).join(", ")}` : false;
  return [...bounds, options, shown].filter((rule): rule is string => Boolean(rule));
}

function Params({ params }: { params: readonly Param[] }) {
  if (params.length === 0) return <p className="quiet card-body">It takes no parameters.</p>;
  return (
    <div className="table-wrap">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Parameter</th>
            <th scope="col">Type</th>
            <th scope="col">What it is</th>
          </tr>
        </thead>
        <tbody>
          {params.map((param) => (
            <tr key={param.name}>
              <td>
                <div>{param.label}</div>
                <div className="param-name quiet">{param.name}</div>
              </td>
              <td className="nowrap">
                {param.type} {param.required && <Badge tone="accent">required</Badge>}
              </td>
              <td>
                {param.description}
                <div className="param-rules">
                  {rulesOf(param).map((rule) => (
                    <Badge key={rule}>{rule}</Badge>
                  ))}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Outputs({ outputs }: { outputs: Action["outputs"] }) {
  if (outputs.length === 0) return <p className="quiet card-body">It gives no outputs.</p>;
  return (
    <div className="table-wrap">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Output</th>
            <th scope="col">Type</th>
            <th scope="col">What it is</th>
          </tr>
        </thead>
        <tbody>
          {outputs.map((output) => (
            <tr key={output.name}>
              <td className="param-name">{output.name}</td>
              <td>{output.type}</td>
              <td>{output.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export interface ActionPageProps {
  action: Action;
  /** In a dialog that has its name. */
  isPart?: boolean;
  /** Beside its name. */
  commands?: ReactNode;
  /** Beside each of its examples. */
  commandsOf?: (example: Action["examples"][number]) => ReactNode;
}

/** All that the metadata says of an action, for a person. */
export function ActionPage({ action, isPart = false, commands, commandsOf }: ActionPageProps) {
  return (
    <article className="stack">
      <header className="action-head">
        <ActionIcon icon={action.icon} color={action.color} size="l" />
        <div className="grow">
          {!isPart && <h1>{action.name}</h1>}
          <p className="quiet">
            <code>{action.type}</code> · version {action.version} · {action.category}
          </p>
        </div>
        {action.docsUrl && /^https?:/.test(action.docsUrl) && (
          <a className="button" href={action.docsUrl} target="_blank" rel="noreferrer">
            Documentation
          </a>
        )}
        {commands}
      </header>
      {action.unavailable && <Notice tone="bad">It cannot be run here: {action.unavailable}</Notice>}
      {action.deprecated && <Notice tone="warn">Deprecated: {action.deprecated}</Notice>}
      <p>{action.description}</p>
      <dl className="facts card card-body">
        <Fact name="Effect">
          <Badge tone={action.effect === "once" ? "warn" : action.effect === "pure" ? "ok" : "info"}>{action.effect}</Badge>
          <div className="field-help">{effects[action.effect]}</div>
        </Fact>
        <Fact name="Execution">{action.executionMode === "event_driven" ? "Waits for an event" : "Ends by itself"}</Fact>
        <Fact name="Timeout">{action.timeoutSeconds === null ? "None" : `${action.timeoutSeconds} s`}</Fact>
        <Fact name="Retries">
          {action.retryPolicy ? `${action.retryPolicy.maxAttempts} attempts, first pause ${action.retryPolicy.initialIntervalSeconds} s` : "As the pipeline says"}
        </Fact>
        {action.requiredServices.length > 0 && <Fact name="Services">{action.requiredServices.join(", ")}</Fact>}
        {action.requiredPermissions.length > 0 && <Fact name="Permissions">{action.requiredPermissions.join(", ")}</Fact>}
        {action.publisher && <Fact name="Publisher">{action.publisher}</Fact>}
      </dl>
      <section className="stack" aria-label="Parameters">
        <h2>Parameters</h2>
        <div className="card">
          <Params params={action.params} />
        </div>
      </section>
      <section className="stack" aria-label="Outputs">
        <h2>Outputs</h2>
        <div className="card">
          <Outputs outputs={action.outputs} />
        </div>
      </section>
      {action.examples.length > 0 && (
        <section className="stack" aria-label="Examples">
          <h2>Examples</h2>
          {action.examples.map((example) => (
            <div key={example.title} className="card card-body stack">
              <div className="row">
                <div className="grow">
                  <h3>{example.title}</h3>
                  {example.description && <p className="quiet">{example.description}</p>}
                </div>
                {commandsOf?.(example)}
              </div>
              <pre className="code-block" tabIndex={0} aria-label={`Parameters of ${example.title}`}>
                {JSON.stringify(example.params, null, 2)}
              </pre>
            </div>
          ))}
        </section>
      )}
    </article>
  );
}
