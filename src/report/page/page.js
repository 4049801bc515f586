'use strict';
// Sorting, looking for rows, and reading charts by pointer. All of the page is there without it.
(() => {
  const make = (name, attributes = {}, text = '') => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };

  const key = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.value;
    return value === undefined ? cell.textContent.trim() : Number(value);
  };

  // numbers before words, so that what has no figure stands at the end
  const compare = (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    if (typeof a === 'number') return -1;
    if (typeof b === 'number') return 1;
    return a.localeCompare(b, 'en', { numeric: true });
  };

  const sort = (table, head) => {
    const up = head.getAttribute('aria-sort') !== 'ascending';
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => {
      const order = compare(key(a, head.cellIndex), key(b, head.cellIndex));
      return up ? order : -order;
    });
    table.tBodies[0].append(...rows);
  };

  for (const table of document.querySelectorAll('table')) {
    if (table.tBodies[0].rows.length < 2) continue;
    for (const head of table.tHead.rows[0].cells) {
      if (head.dataset.drawn !== undefined) continue;
      const button = make('button', { type: 'button' }, head.textContent);
      button.addEventListener('click', () => sort(table, head));
      head.replaceChildren(button);
    }
  }

  for (const table of document.querySelectorAll('table[data-filter]')) {
    const rows = [...table.tBodies[0].rows];
    const label = make('label', { for: `${table.id}-find` }, 'Find rows');
    const about = { 'aria-describedby': table.caption.id, autocomplete: 'off' };
    const input = make('input', { type: 'search', id: `${table.id}-find`, ...about });
    const told = make('span', { role: 'status' });
    input.addEventListener('input', () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let seen = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) seen += 1;
      }
      told.textContent = words.length ? `${seen} of ${rows.length} rows` : '';
    });
    const line = make('div', { class: 'find' });
    line.append(label, input, told);
    table.closest('.scroll').before(line);
  }

  // `12%`, of a line of the chart at a place
  const shareAt = (path, x, top, bottom) => {
    const points = [...path.getAttribute('d').matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
    let after = points.findIndex((point) => point[0] >= x);
    if (after < 0) after = points.length - 1;
    const [b, a] = [points[after], points[Math.max(after - 1, 0)]];
    const y = b[0] === a[0] ? b[1] : a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0]);
    return `${((100 * (bottom - y)) / (bottom - top)).toFixed(1)} %`;
  };

  const duration = (ms) => (ms < 10000 ? `${Math.round(ms).toLocaleString('en')} ms` : `${(ms / 1000).toFixed(1)} s`);

  const steps = document.querySelector('#steps-table');
  const words = {
    shares: (svg, figure, x, [left, top, right, bottom]) => {
      const [low, high] = [Number(svg.dataset.low), Number(svg.dataset.high)];
      const ms = low * (high / low) ** ((x - left) / (right - left));
      const names = [...figure.querySelectorAll('.keys li')].map((li) => li.textContent.trim());
      const lines = [...svg.querySelectorAll('path.line')];
      return `within ${duration(ms)}: ${lines.map((path, i) => `${names[i]} ${shareAt(path, x, top, bottom)}`).join(', ')}`;
    },
    steps: (svg, figure, x, [left, , right]) => {
      const count = Number(svg.dataset.steps);
      const at = Math.min(Math.floor(((x - left) / (right - left)) * count), count - 1);
      const row = steps && stepRows.length >= count && !svg.closest('#capsules') && stepRows[at];
      if (!row) return '';
      const heads = [...steps.tHead.rows[0].cells].map((cell) => cell.textContent);
      const told = [...row.cells].map((cell, i) => (i > 1 ? `${heads[i]} ${cell.textContent}` : cell.textContent));
      return told.filter((word, i) => i !== 1).join(', ');
    },
    // of the panel that is pointed at
    panels: (svg, figure, x, [left, , right], y) => {
      const panel = [...svg.querySelectorAll('.panel')].reverse().find((one) => y >= Number(one.dataset.top)) || svg.querySelector('.panel');
      const count = Number(svg.dataset.steps);
      const at = Math.min(Math.floor(((x - left) / (right - left)) * count), count - 1);
      const time = new Date(Number(svg.dataset.start) + at * Number(svg.dataset.width)).toISOString();
      const values = [...panel.querySelectorAll('path')].map((path) => `${path.dataset.label} ${path.dataset.values.split('|')[at]}`);
      return `${panel.dataset.name}, ${time.slice(0, 19).replace('T', ' ')}: ${values.join(', ')}`;
    },
  };
  // as they stood before anybody sorted them
  const stepRows = steps ? [...steps.tBodies[0].rows] : [];

  for (const svg of document.querySelectorAll('svg[data-hover]')) {
    const figure = svg.closest('figure');
    const plot = svg.dataset.plot.split(' ').map(Number);
    const box = svg.viewBox.baseVal;
    const cross = document.createElementNS(svg.namespaceURI, 'line');
    cross.setAttribute('class', 'cross');
    const readout = make('p', { class: 'readout', 'aria-hidden': 'true' });
    readout.hidden = true;
    figure.append(readout);
    svg.addEventListener('pointermove', (event) => {
      const area = svg.getBoundingClientRect();
      const x = ((event.clientX - area.left) / area.width) * box.width;
      const y = ((event.clientY - area.top) / area.height) * box.height;
      const text = x < plot[0] || x > plot[2] ? '' : words[svg.dataset.hover](svg, figure, x, plot, y);
      readout.hidden = !text;
      readout.textContent = text;
      if (!text) return cross.remove();
      for (const [name, value] of [['x1', x], ['x2', x], ['y1', plot[1]], ['y2', plot[3]]]) cross.setAttribute(name, value);
      return svg.append(cross);
    });
    svg.addEventListener('pointerleave', () => {
      readout.hidden = true;
      cross.remove();
    });
  }
})();
