// SPDX-License-Identifier: Apache-2.0
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { applyTheme } from "./app/theme";
import { cspNonce } from "./app/nonce";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/kit/kit.css";
import "./app/app.css";

setNonce(cspNonce());
applyTheme();

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
