// Sentences from the server as passing notices. What a handler returns as JavaScript is text that the browser would have to
// eval, which the Content-Security-Policy forbids; so the server sends data, and this says it.
import { CircleCheck, CircleX, Info, TriangleAlert, X } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { Toaster, toast } from "sonner";
import { useI18n } from "$/public/external/smsapp/i18n/variables/runtime.js";

const ICON = { success: CircleCheck, error: CircleX, warning: TriangleAlert, info: Info };

// On a phone they stand above the tabs, and above the bar of a selection: both stay within reach of the thumb.
const ON_PHONES = { bottom: "calc(84px + var(--bulk-room, 0px))" };

// One stack for all: a page may have notices of its own beside the shell's, whose place (`label`) they are shown in.
const STACK = "notices";

// A notice is said once: it comes along to the next page when it is fresh, but neither an old one nor a reload says it again
// (an error is worth it).
const FRESH = 6000;
const said = new Map();
function again(place, mark, lasting) {
  const key = `notice:${place}`;
  const first = said.get(key + mark);
  if (first !== undefined) return !lasting && Date.now() - first > FRESH;
  said.set(key + mark, Date.now());
  try {
    const before = sessionStorage.getItem(key) === mark;
    sessionStorage.setItem(key, mark);
    return before && !lasting;
  } catch {
    return false; // a browser that keeps nothing
  }
}

// Reflex tells in English, over the head of the page, that the page is of another version than the server. We say it.
function asOurOwn(found) {
  const look = () => {
    const banner = document.getElementById("reflex-new-version-banner");
    if (!banner) return;
    banner.style.display = "none";
    found(banner.querySelector("button"));
  };
  look();
  const eye = new MutationObserver(look);
  eye.observe(document.body, { childList: true });
  return () => eye.disconnect();
}

export function Notices({ notice, action, close, label, newer, reload, onAction }) {
  const i18n = useI18n();
  const own = useId(); // each part of a page counts its own
  const [loads, setLoads] = useState(null); // the button that loads the page again
  const number = notice?.number ?? 0;
  useEffect(() => {
    if (!number || !notice.sentence?.key) return;
    const lasting = notice.kind === "error";
    if (again(label ? "" : location.pathname, JSON.stringify([number, notice.sentence]), lasting)) return;
    const text = i18n.say(notice.sentence);
    const Icon = ICON[notice.kind] ?? Info;
    toast.custom((id) => (
      <div className={`toast ${notice.kind}`} role={lasting ? "alert" : undefined}>
        <Icon className="lucide" aria-hidden="true" />
        <span>{text}</span>
        {action && <button type="button" className="act" onClick={() => { toast.dismiss(id); onAction?.(number); }}>{action}</button>}
        {lasting && <button type="button" className="x" aria-label={close} onClick={() => toast.dismiss(id)}><X className="lucide" aria-hidden="true" /></button>}
      </div>
    ), { id: `${own}-${number}`, toasterId: STACK, duration: lasting ? Infinity : FRESH });
  }, [number]);
  useEffect(() => (label ? asOurOwn(setLoads) : undefined), []);
  useEffect(() => {
    if (!loads) return;
    toast.custom(() => (
      <div className="toast info" role="alert">
        <Info className="lucide" aria-hidden="true" />
        <span>{newer}</span>
        <button type="button" className="act" onClick={() => loads.click()}>{reload}</button>
      </div>
    ), { id: "newer", toasterId: STACK, duration: Infinity });
  }, [loads, newer, reload]);
  if (!label) return null;
  return <Toaster id={STACK} position="bottom-right" containerAriaLabel={label} mobileOffset={ON_PHONES} visibleToasts={4} expand gap={8} toastOptions={{ unstyled: true }} />;
}
