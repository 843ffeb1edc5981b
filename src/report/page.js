'use strict';
// Comfort only: without it every number is on the page all the same.
(() => {
  const table = document.querySelector('#endpoints-table');
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows].filter((row) => !row.classList.contains('total'));
  if (rows.length < 2) return;
  const units = { 'µs': 0.001, ms: 1, s: 1000, min: 60000, h: 3600000 };

  // What a cell says, as a number; what is no number ranks before, and never behind, all.
  const worth = (text) => {
    if (text === 'never') return Infinity;
    const seen = /^(<\s*)?([\d,.]+)\s*(\S*)/.exec(text);
    if (!seen) return -1;
    return Number(seen[2].replaceAll(',', '')) * (units[seen[3]] ?? 1);
  };

  const order = (column, numeric, way) => {
    const key = (row) => row.cells[column].textContent.trim();
    const compare = numeric
      ? (one, other) => worth(key(one)) - worth(key(other))
      : (one, other) => key(one).localeCompare(key(other), 'en', { numeric: true });
    rows.sort((one, other) => way * (compare(one, other) || 0));
    body.append(...rows);
  };

  const heads = [...table.tHead.rows[0].cells];
  heads.slice(0, -1).forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    const numeric = column > 0;
    button.addEventListener('click', () => {
      const now = head.getAttribute('aria-sort');
      // Numbers begin with the largest, names with the first.
      const falls = now ? now === 'ascending' : numeric;
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', falls ? 'descending' : 'ascending');
      order(column, numeric, falls ? -1 : 1);
    });
  });

  const bar = document.createElement('p');
  bar.dataset.comfort = '';
  bar.className = 'comfort';
  const label = document.createElement('label');
  const input = document.createElement('input');
  const told = document.createElement('span');
  input.type = 'search';
  told.setAttribute('role', 'status');
  label.append('Show endpoints with ', input);
  bar.append(label, ' ', told);
  table.parentElement.before(bar);
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/);
    const fits = (row) => words.every((word) => row.cells[0].textContent.toLowerCase().includes(word));
    const hidden = rows.filter((row) => (row.hidden = !fits(row))).length;
    told.textContent = hidden ? `${rows.length - hidden} of ${rows.length}` : '';
  });
})();
