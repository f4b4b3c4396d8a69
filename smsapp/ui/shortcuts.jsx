// Single keys, off inside fields and while a dialog is open: n, /, g then t, e or c. And small things of the frame.
import { Eye, EyeOff } from "lucide-react";
import { useEffect } from "react";
import { useNavigate } from "react-router";

const GOES = { t: "/dashboard", e: "/sent", c: "/contacts" };

export function Shortcuts() {
  const navigate = useNavigate();
  useEffect(() => {
    let after = 0; // until when a letter after "g" counts
    const key = (e) => {
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
