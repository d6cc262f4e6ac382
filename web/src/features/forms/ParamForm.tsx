// SPDX-License-Identifier: Apache-2.0
import { useCallback } from "react";
import type { Param } from "@/api/types";
import { ParamField } from "./ParamField";
import type { Surroundings } from "./ParamField";
import { groupParams, isVisible } from "./rules";
import type { Params } from "./rules";
import { useBroken } from "./useBroken";
import "./forms.css";

export interface ParamFormProps {
  params: readonly Param[];
  values: Params;
  surroundings: Surroundings;
  /** What the service says, by name of the parameter; of what is inside one by its path: "branches/0/condition". */
  errors?: Readonly<Record<string, string>>;
  /** `undefined` takes the parameter away. */
  onChange: (name: string, value: unknown) => void;
  /** Whether some field holds what cannot be saved. */
  onBroken?: (broken: boolean) => void;
}

/** The parameters of an action as a form, made from the metadata alone. Hidden ones keep their values. */
export function ParamForm({ params, values, surroundings, errors, onChange, onBroken }: ParamFormProps) {
  const tell = useBroken(onBroken);
  if (params.length === 0) return <p className="quiet">It takes no parameters.</p>;
  return (
    <div className="param-form">
      {groupParams(params).map((group) => {
        const shown = group.params.filter((param) => isVisible(param, values, params));
        const fields = shown.map((param) => (
          <BoundField key={param.name} param={param} value={values[param.name]} surroundings={surroundings} errors={errors}
                      onChange={onChange} onBroken={tell} />
        ));
        if (group.name === null) return fields;
        return shown.length > 0 && (
          <details key={group.name} className="param-group" open={shown.some((param) => values[param.name] !== undefined || errors?.[param.name] !== undefined)}>
            <summary>{group.name}</summary>
            {fields}
          </details>
        );
      })}
    </div>
  );
}

interface BoundProps {
  param: Param;
  value: unknown;
  surroundings: Surroundings;
  errors: Readonly<Record<string, string>> | undefined;
  onChange: (name: string, value: unknown) => void;
  onBroken: (name: string, broken: boolean) => void;
}

function BoundField({ param, value, surroundings, errors, onChange, onBroken }: BoundProps) {
  const tell = useCallback((isBroken: boolean) => onBroken(param.name, isBroken), [onBroken, param.name]);
  return <ParamField param={param} value={value} surroundings={surroundings} error={errors?.[param.name]} errorWithin={(path) => errors?.[`${param.name}/${path}`]}
                     onChange={(next) => onChange(param.name, next)} onBroken={tell} />;
}
