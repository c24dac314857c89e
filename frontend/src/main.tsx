import "@/app/mantine.css";
import "@/app/global.css";
import { setNonce } from "get-nonce";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { startLanguage } from "@/ui/language";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
// Mantine's scroll lock makes its style tag through this package.
setNonce(nonce);

// The labeling screen comes while the session is asked for, not after it.
if (/^\/label\/\d/.test(window.location.pathname)) {
  void import("@/features/labeling/LabelPage").catch(() => undefined);
}

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
void startLanguage().then(() => createRoot(root).render(<App nonce={nonce} />));
