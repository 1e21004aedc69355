// The code editor: the few parts of CodeMirror that we use, behind the small surface that the page knows.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// Colours are the page's own variables, so every theme of the page is one of the editor.
const ink = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--y-key)" },
  { tag: [tags.string, tags.content], color: "var(--y-str)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--y-num)" },
  { tag: [tags.comment, tags.meta], color: "var(--y-com)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "var(--fs-2)" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "12.5px", lineHeight: "20px" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "var(--surface)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "28px", padding: "0 2px 0 0", fontSize: "11px", textAlign: "right" },
  ".cm-gutter-lint": { width: "10px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "5px 0 0 1px" },
  // A diamond is an error, a triangle a warning, as their colours say as well.
  ".cm-lint-marker": { width: "9px", height: "10px", content: "normal" },
  ".cm-lint-marker-error": { backgroundColor: "var(--st-fail)", clipPath: "polygon(50% 0, 100% 50%, 50% 100%, 0 50%)" },
  ".cm-lint-marker-warning": { backgroundColor: "var(--st-wait)", clipPath: "polygon(50% 0, 100% 100%, 0 100%)" },
  ".cm-lintRange": { backgroundImage: "none !important", textUnderlineOffset: "3px" },
  ".cm-lintRange-error": { textDecoration: "underline wavy var(--st-fail) 1.5px" },
  ".cm-lintRange-warning": { textDecoration: "underline dotted var(--st-wait) 2px" },
  ".cm-line.is-error": { backgroundColor: "color-mix(in srgb, var(--st-fail) 9%, var(--surface))", boxShadow: "inset 3px 0 var(--st-fail)" },
  ".cm-line.is-warning": { backgroundColor: "color-mix(in srgb, var(--st-wait) 9%, var(--surface))", boxShadow: "inset 3px 0 var(--st-wait)" },
  ".cm-foldGutter .cm-gutterElement": { padding: "0 1px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--accent-tint) !important" },
  ".cm-tooltip, .cm-panels": { color: "var(--ink)", backgroundColor: "var(--raised)", border: "1px solid var(--line)" },
  ".cm-foldPlaceholder": { color: "var(--muted)", backgroundColor: "var(--sunken)", border: "1px solid var(--line)" },
});

// Lines with a problem are marked as a whole, so that one is seen from afar.
const mark = StateEffect.define();
const marked = StateField.define({
  create: () => Decoration.none,
  update: (lines, change) => change.effects.reduce((now, effect) => (effect.is(mark) ? effect.value : now), lines.map(change.changes)),
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * Puts an editor into `host`. Options: `onChange(text)`, `onApply(what, line)`, `what` being `all`, `document` or `dry`.
 * It lives in a shadow root: there its style sheets are constructed ones, which the page's security policy allows.
 */
export function mount(host, { onChange, onApply }) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const apply = (what) => (view) => (onApply(what, view.state.doc.lineAt(view.state.selection.main.head).number), true);
  const begin = (label, doc) =>
    EditorState.create({
      doc,
      extensions: [
        // Before the default keys, where Ctrl+Enter opens a line.
        keymap.of([
          { key: "Mod-Enter", run: apply("all") },
          { key: "Shift-Mod-Enter", run: apply("document") },
          { key: "Alt-Mod-Enter", run: apply("dry") },
        ]),
        lintGutter(),
        marked,
        lineNumbers(),
        foldGutter({ openText: "▾", closedText: "▸" }),
        codeFolding(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of("  "),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        yaml(),
        syntaxHighlighting(ink),
        look,
        // Esc, then Tab leaves the editor: CodeMirror's own way out of the trap.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    });
  const view = new EditorView({ root, parent: root, state: begin("", "") });
  // Each file keeps its own state, so that undo never reaches into another file.
  const states = new Map();
  let file = null;
  const position = (line, column) => {
    const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
    return Math.min(at.from + Math.max(column - 1, 0), at.to);
  };
  return {
    /** Shows a file; what was typed in it before can still be undone. */
    open(name, label, text) {
      const same = file?.name === name && file.label === label;
      if (!same) {
        if (file) states.set(file.name, { label: file.label, state: view.state });
        const known = states.get(name);
        view.setState(known?.label === label ? known.state : begin(label, text));
        file = { name, label };
      }
      if (text === view.state.doc.toString()) return;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    /** Each problem: `{ line, column, endColumn, severity, message }`, counted from 1. */
    setProblems(problems) {
      const found = problems.map(({ line, column, endColumn, severity, message }) => {
        const from = position(line, column);
        const to = position(line, endColumn);
        return { from, to: to > from ? to : view.state.doc.lineAt(from).to, severity, message };
      });
      // An error hides a warning at the same line.
      const lines = new Map();
      for (const { from, severity } of found) {
        const start = view.state.doc.lineAt(from).from;
        if (lines.get(start) !== "error") lines.set(start, severity);
      }
      const ranges = [...lines].map(([start, severity]) => Decoration.line({ class: `is-${severity}` }).range(start));
      view.dispatch(setDiagnostics(view.state, found), { effects: mark.of(Decoration.set(ranges, true)) });
    },
    goTo(line, column) {
      view.dispatch({ selection: { anchor: position(line, column) }, scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
