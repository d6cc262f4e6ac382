// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { onTokenChange, setToken, token, tokenIsNeeded } from "@/api/token";
import { Button, Dialog, TextField } from "@/ui/kit";

/** Asks for a token when the service has refused a request without one, then everything is asked again; what is shown, and edited,
 * stays meanwhile. */
export function TokenGate() {
  const needed = useSyncExternalStore(onTokenChange, tokenIsNeeded);
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [value, setValue] = useState("");
  useEffect(() => setOpen(needed), [needed]);
  const submit = () => {
    if (!value.trim()) return;
    setToken(value.trim());
    setValue("");
    void client.invalidateQueries();
  };
  return (
    <Dialog open={open} onOpenChange={setOpen} title="A token is needed" onSubmit={submit}
            description="This service shows itself to those who have a token. It stays in this tab until you close it."
            footer={<Button type="submit" kind="primary" disabled={!value.trim()}>Continue</Button>}>
      <TextField label="Token" type="password" value={value} required onChange={(event) => setValue(event.target.value)}
                 error={token() ? "The service did not accept the token." : null}
                 help={<>Made with <code>budpipeline token create</code>.</>} />
    </Dialog>
  );
}
