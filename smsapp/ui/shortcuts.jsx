// Single keys, off inside fields and while a dialog is open: n, /, g then t, e, c or r; j and k go through the rows of a
// page (data-row), and a button says its own key (data-key), Ctrl+Enter also inside a field. And small things of the frame.
import { Eye, EyeOff } from "lucide-react";
import { useEffect } from "react";
import { useNavigate } from "react-router";

const GOES = { t: "/dashboard", e: "/sent", c: "/contacts", r: "/replies" };

const pressed = (name) => document.querySelector(`[data-key="${CSS.escape(name)}"]:not([disabled])`);

function row(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.findIndex((r) => r === document.activeElement || r.getAttribute("aria-current") === "true");
  const next = rows[at < 0 ? 0 : at + step];
  next?.focus();
  next?.click();
}

export function Shortcuts() {
  const navigate = useNavigate();
  useEffect(() => {
    let after = 0; // until when a letter after "g" counts
    const key = (e) => {
      if ((e.ctrlKey || e.metaKey) && e.key === "Enter" && pressed("mod+enter")) {
        e.preventDefault();
        document.activeElement?.blur(); // a field tells what was typed when it is left
        pressed("mod+enter").click();
        return;
      }
      if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.defaultPrevented) return;
      if (e.target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=alertdialog], [role=menu]")) return;
      const second = Date.now() < after;
      after = 0;
      if (second && GOES[e.key]) { e.preventDefault(); navigate(GOES[e.key]); }
      else if (e.key === "g") after = Date.now() + 1200;
      else if (e.key === "n") { e.preventDefault(); navigate("/compose"); }
      else if (e.key === "/") {
        const field = document.querySelector("[data-search]");
        if (field) { e.preventDefault(); field.focus(); field.select?.(); }
      }
      else if (e.key === "j" || e.key === "k") row(e.key === "j" ? 1 : -1);
      else if (e.key.length === 1) pressed(e.key)?.click();
    };
    document.addEventListener("keydown", key);
    return () => document.removeEventListener("keydown", key);
  }, []);
  return null;
}

export function PasswordEye({ field, label }) {
  function toggle(e) {
    const input = document.getElementById(field);
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    e.currentTarget.setAttribute("aria-pressed", String(shown));
    input.parentElement.toggleAttribute("data-shown", shown);
  }
  return (
    <button type="button" className="ib" aria-label={label} aria-pressed="false" onClick={toggle}>
      <Eye className="lucide" aria-hidden="true" /><EyeOff className="lucide" aria-hidden="true" />
    </button>
  );
}
