// Sentences from the server as passing notices. What a handler returns as JavaScript is text that the browser would have to
// eval, which the Content-Security-Policy forbids; so the server sends data, and this says it.
import { CircleCheck, CircleX, Info, TriangleAlert, X } from "lucide-react";
import { useEffect, useId } from "react";
import { Toaster, toast } from "sonner";
import { useI18n } from "$/public/external/smsapp/i18n/variables/runtime.js";

const ICON = { success: CircleCheck, error: CircleX, warning: TriangleAlert, info: Info };

// On a phone they stand above the tabs, and above the bar of a selection: both stay within reach of the thumb.
const ON_PHONES = { bottom: "calc(84px + var(--bulk-room, 0px))" };

// One stack for all: a page may have notices of its own beside the shell's, whose place (`label`) they are shown in.
const STACK = "notices";

export function Notices({ notice, action, close, label, onAction }) {
  const i18n = useI18n();
  const own = useId(); // each part of a page counts its own
  const number = notice?.number ?? 0;
  useEffect(() => {
    if (!number || !notice.sentence?.key) return;
    const text = i18n.say(notice.sentence);
    const Icon = ICON[notice.kind] ?? Info;
    const lasting = notice.kind === "error";
    toast.custom((id) => (
      <div className={`toast ${notice.kind}`} role={lasting ? "alert" : undefined}>
        <Icon className="lucide" aria-hidden="true" />
        <span>{text}</span>
        {action && <button type="button" className="act" onClick={() => { toast.dismiss(id); onAction?.(); }}>{action}</button>}
        {lasting && <button type="button" className="x" aria-label={close} onClick={() => toast.dismiss(id)}><X className="lucide" aria-hidden="true" /></button>}
      </div>
    ), { id: `${own}-${number}`, toasterId: STACK, duration: lasting ? Infinity : 6000 });
  }, [number]);
  if (!label) return null;
  return <Toaster id={STACK} position="bottom-right" containerAriaLabel={label} mobileOffset={ON_PHONES} visibleToasts={4} expand gap={8} toastOptions={{ unstyled: true }} />;
}
