/** Of the bar alone. 28 pixels high: the page below is told by `--gatehouse-bar`. */
export const STYLE = `
:host { --ink: #1c2b33; --paper: #eef1f4; --line: #cdd6dd; --accent: #0b5cad; position: fixed; inset: 0 0 auto 0; z-index: 2147483000;
  font: 12px/1.4 system-ui, sans-serif; color: var(--ink); }
:host(.dark) { --ink: #e3e9ee; --paper: #12181d; --line: #38444d; --accent: #7db8f5; }
header { display: flex; align-items: center; gap: 12px; height: 28px; padding: 0 12px; box-sizing: border-box; background: var(--paper);
  border-bottom: 1px solid var(--line); }
.person { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.persona { border: 1px solid var(--line); border-radius: 9px; padding: 0 8px; white-space: nowrap; }
label { margin-left: auto; white-space: nowrap; }
[hidden] { display: none !important; }
label[hidden] + button { margin-left: auto; }
select, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 4px; padding: 0 6px; height: 20px; cursor: pointer; }
select:disabled { opacity: 1; border-color: transparent; appearance: none; cursor: default; }
option { color: #1c2b33; background: #fff; }
select:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.said { position: absolute; top: 36px; right: 12px; max-width: min(480px, calc(100vw - 24px)); display: flex; gap: 8px; align-items: start; padding: 10px 12px;
  background: var(--paper); border: 1px solid var(--line); border-left: 4px solid #c0392b; border-radius: 6px; box-shadow: 0 4px 16px #0003; }
.said p { margin: 0; font-size: 13px; }
`;
