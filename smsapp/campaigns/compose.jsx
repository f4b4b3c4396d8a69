// Small pieces of the composer that only a browser can do: the name of a territory, and Ctrl+Enter.
import { useEffect, useMemo } from "react";

// ISO regions in the reader's language; the catalogue names France (its mainland) and the rest of a list.
export function TerritoryName({ code, lang, france, others }) {
  const names = useMemo(() => (lang === "fr" || lang === "en" ? new Intl.DisplayNames([lang], { type: "region", fallback: "code" }) : null), [lang]);
  if (!code) return others;
  if (code === "FR") return france;
  return names ? names.of(code) : code;
}

// Ctrl+Enter is "Vérifier l'envoi": what is being typed is handed over first, as a click on the button would.
export function ReviewKey({ target }) {
  useEffect(() => {
    const pressed = (e) => {
      if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.isComposing) return;
      if (document.querySelector('[role="dialog"][data-state="open"]')) return;
      e.preventDefault();
      document.activeElement?.blur();
      document.getElementById(target)?.click();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [target]);
  return null;
}
