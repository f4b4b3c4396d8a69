// Search-and-choose over the server's answers; downshift does roles, keys and announcements.
import { useCombobox } from "downshift";
import { useRef, useState } from "react";

export function Picker({ results, query, label, placeholder, empty, onSearch, onPick, delay = 150, ref, id, ...props }) {
  const [text, setText] = useState("");
  const timer = useRef(null);
  const waiting = text !== query; // the answer on screen belongs to another question
  const items = text && !waiting ? results ?? [] : [];

  const { isOpen, highlightedIndex, getInputProps, getMenuProps, getItemProps } = useCombobox({
    items,
    inputValue: text,
    defaultHighlightedIndex: 0,
    selectedItem: null,
    itemToString: (item) => item?.label ?? "",
    onSelectedItemChange: ({ selectedItem }) => {
      if (!selectedItem) return;
      onPick?.(selectedItem.id);
      setText("");
    },
  });

  // Called by the field's own onChange: through downshift's onInputValueChange, a render late, fast typing loses letters.
  function search(next) {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch?.(next), delay);
  }
  const none = isOpen && text && !waiting && !items.length;
  return (
    <div className="picker">
      <input {...props} {...getInputProps({ placeholder, "aria-label": label, className: "inp", autoComplete: "off", ref, onChange: (e) => search(e.target.value) })} />
      <ul {...getMenuProps({ "aria-label": label, "aria-busy": waiting })}>
        {isOpen && items.map((item, index) => (
          <li key={item.id} {...getItemProps({ item, index })} data-active={index === highlightedIndex || undefined}>
            <span className="el">{item.label}</span> {item.detail && <small>{item.detail}</small>} {item.note && <small>{item.note}</small>}
          </li>
        ))}
      </ul>
      <div role="status" className={none ? "none" : "sr-only"}>{none ? empty : ""}</div>
    </div>
  );
}
