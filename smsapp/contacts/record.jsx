// The name at the head of a record. Whoever opens one from the list, with the keyboard too, is at its head; and back where
// they were when it closes.
import { useEffect, useRef } from "react";

export function RecordTitle({ title }) {
  const head = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    head.current?.focus({ preventScroll: true });
    return () => {
      if (document.activeElement === document.body && before?.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return <h2 ref={head} tabIndex={-1} className="b6">{title}</h2>;
}
