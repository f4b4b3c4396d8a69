// How far a demonstration is, asked of the server over plain HTTP: works before there is a session, and without websocket.
import { useEffect, useRef, useState } from "react";

const PACE = 300; // ms
const PATIENCE = 20; // failed questions in a row, then say so

export function Opening({ label, ready, lost }) {
  const [now, setNow] = useState({ phase: "waiting", done: 0, total: 1, said: "" });
  const form = useRef(null);

  useEffect(() => {
    let stopped = false;
    let missed = 0;
    let timer;
    async function ask() {
      try {
        const answer = await fetch("/demo/progress", { headers: { accept: "application/json" } });
        const found = await answer.json();
        if (stopped) return;
        missed = 0;
        setNow(found);
        if (found.phase === "ready") form.current?.submit();
        if (found.phase === "ready" || found.phase === "refused") return;
      } catch {
        missed += 1;
        if (missed === PATIENCE) setNow((before) => ({ ...before, phase: "refused", said: lost }));
        if (missed >= PATIENCE) return;
      }
      if (!stopped) timer = setTimeout(ask, PACE);
    }
    ask();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, []);

  if (now.phase === "refused") return <p className="note red" role="alert">{now.said}</p>;
  const done = now.phase === "ready" ? now.total : now.done;
  return (
    <div className="col g8">
      <progress className="bar" value={done} max={now.total} aria-label={label} />
      <div className="row g8 t2 mut">
        <span role="status">{now.phase === "ready" ? ready : now.said}</span>
        <span className="num end" aria-hidden="true">{Math.floor((100 * done) / now.total)}&nbsp;%</span>
      </div>
      <form ref={form} action="/auth/demo/enter" method="post" />
    </div>
  );
}
