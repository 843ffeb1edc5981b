// Opens pages in a real browser and says what is wrong with them, as JSON on stdout.
//
// node look.mjs TOOLS DIR REFERENCES: DIR has `pages.json` ([{ name, deep }]) and a NAME.html for each of them.
// Pictures are made in DIR as NAME-LOOK.png, their small forms in DIR/small as NAME-LOOK.png.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [tools, dir, references] = process.argv.slice(2);
const load = createRequire(path.join(tools, 'package.json'));
const { chromium } = load('playwright-core');
const axe = fs.readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

// What Jenkins sends with every file of a build: no script, no style inside of the page.
const JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';";
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--font-render-hinting=none', '--hide-scrollbars'];
// A page is opened once for each, and then made narrow and wide.
const LOOKS = [false, true].flatMap((scripts) => ['light', 'dark'].map((scheme) => ({ scripts, scheme })));

// Letters are as wide on every machine: of all its fonts the browser sees those of Debian's fonts-dejavu-core.
const FONTS = '/usr/share/fonts/truetype/dejavu';
if (!fs.existsSync(path.join(FONTS, 'DejaVuSans.ttf'))) throw new Error(`${FONTS} is missing: fonts-dejavu-core (ci/tools)`);
const fontconfig = path.join(dir, 'fonts.conf');
fs.writeFileSync(fontconfig, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
  <include>/etc/fonts/fonts.conf</include><cachedir>${path.join(dir, 'fonts')}</cachedir>
  <selectfont><rejectfont>${['?t?', 'pf?', 'gz'].map((end) => `<glob>*.${end}</glob>`).join('')}</rejectfont>
  <acceptfont><glob>${FONTS}/DejaVuSans*</glob></acceptfont></selectfont></fontconfig>`);
const env = { ...process.env, FONTCONFIG_FILE: fontconfig };

const pages = JSON.parse(fs.readFileSync(path.join(dir, 'pages.json'), 'utf8'));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS, env });
const out = {};
const waiting = [...pages];
// Two at a time: one page is drawn while the other is asked.
await Promise.all([1, 2].map(async () => {
  for (let page = waiting.shift(); page; page = waiting.shift()) await seen(page);
}));
await browser.close();
process.stdout.write(JSON.stringify(out));

async function seen(page) {
  const html = fs.readFileSync(path.join(dir, `${page.name}.html`), 'utf8');
  out[page.name] = page.deep ? await hostile(page.name, html) : await looked(page.name, html);
}

/// A page of its own, with everything written down that a page should not do.
async function opened(name, { scripts, scheme, width }, answer) {
  const context = await browser.newContext({
    javaScriptEnabled: scripts, colorScheme: scheme, viewport: { width, height: 900 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const faults = [];
  const url = answer ? 'http://report.test/report.html' : pathToFileURL(path.join(dir, `${name}.html`)).href;
  await context.route('**', (route) => {
    const asked = route.request().url();
    if (asked !== url) {
      faults.push(`asks for ${asked}`);
      return route.abort();
    }
    return answer ? route.fulfill(answer) : route.continue();
  });
  page.on('dialog', (dialog) => {
    faults.push(`opens a dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  page.on('pageerror', (error) => faults.push(`breaks: ${error}`));
  page.on('popup', () => faults.push('opens a window'));
  page.on('console', (line) => faults.push(`says ${line.text()}`));
  await page.goto(url);
  return { page, context, faults };
}

/// What is asked of every page in every look.
async function looked(name, html) {
  const told = { faults: [], axe: [], texts: {}, pictures: [] };
  for (const look of LOOKS) {
    const { page, context, faults } = await opened(name, { ...look, width: 360 });
    const tell = (as) => told.faults.push(...faults.splice(0).map((text) => `${as}: ${text}`));
    for (const width of [360, 1600]) {
      const as = `${look.scheme}-${width}${look.scripts ? '' : '-bare'}`;
      await page.setViewportSize({ width, height: 900 });
      faults.push(...await page.evaluate(layout, width));
      told.texts[as] = await page.evaluate(words);
      const plain = look.scheme === 'light' && width === 1600;
      if (plain && !look.scripts) told.tables = await page.evaluate(tables);
      // Both schemes and both widths, each with the other only once: axe takes its time.
      if (look.scripts && (look.scheme === 'light') === (width === 1600)) {
        told.axe.push(...(await accessible(page)).map((text) => `${as}: ${text}`));
        await pictured(page, `${name}-${as}`);
        told.pictures.push(as);
        if (plain) faults.push(...await comfort(page));
      }
      tell(as);
    }
    if (look.scripts && look.scheme === 'dark') {
      faults.push(...await printed(page));
      tell('print');
    }
    await context.close();
    tell('closing');
  }
  told.distances = await distances(name, told.pictures);
  const jenkins = await strict(name, html);
  told.faults.push(...jenkins.faults.map((text) => `jenkins: ${text}`));
  told.texts.jenkins = jenkins.text;
  return told;
}

/// Nothing is wider than the screen but what scrolls by itself, and nothing lies over another word.
function layout(width) {
  const faults = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > width) faults.push(`is ${wide} pixels wide`);
  const folded = [...document.querySelectorAll('details:not([open])')];
  folded.forEach((one) => { one.open = true; });
  for (const frame of document.querySelectorAll('.scroll:has(> .stack)')) {
    if (width < 600 && frame.scrollWidth > frame.clientWidth) {
      faults.push(`${frame.getAttribute('aria-labelledby')}: scrolls sideways, ${frame.scrollWidth} of ${frame.clientWidth}`);
    }
  }
  // A title before a cell is at most as wide as the room it has.
  for (const cell of width < 600 ? document.querySelectorAll('.stack tbody > tr:first-child > *') : []) {
    const pen = document.createElement('canvas').getContext('2d');
    pen.font = getComputedStyle(cell, '::before').font;
    const wide = pen.measureText(cell.dataset.label).width;
    if (wide > parseFloat(getComputedStyle(cell).paddingLeft)) faults.push(`"${cell.dataset.label}" lies over its cell`);
  }
  folded.forEach((one) => { one.open = false; });
  for (const svg of document.querySelectorAll('figure > svg')) {
    const frame = svg.getBoundingClientRect();
    const seen = [...svg.querySelectorAll('text')].map((text) => [text, text.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0);
    for (const [at, [text, box]] of seen.entries()) {
      if (box.left < frame.left - 1 || box.right > frame.right + 1) {
        faults.push(`${svg.querySelector('title').textContent}: "${text.textContent}" is cut off`);
      }
      for (const [other, its] of seen.slice(at + 1)) {
        const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
        const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
        if (across > 2 && down > 4) {
          faults.push(`${svg.querySelector('title').textContent}: "${text.textContent}" lies over "${other.textContent}"`);
        }
      }
    }
  }
  return faults;
}

/// All words of a page but those that scripts add.
function words() {
  const copy = document.body.cloneNode(true);
  copy.querySelectorAll('[data-comfort], script').forEach((one) => one.remove());
  return copy.textContent.replace(/\s+/g, ' ').trim();
}

/// What axe-core has to say.
async function accessible(page) {
  await page.evaluate(axe);
  const seen = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return seen.violations.flatMap((one) =>
    one.nodes.slice(0, 3).map((node) => `${one.id}: ${one.help}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`));
}

/// A picture, and a small one in which only shapes and colours are left.
async function pictured(page, name) {
  const width = page.viewportSize().width;
  const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), width > 600 ? 3200 : 2400);
  await page.mouse.move(0, 0);
  await page.setViewportSize({ width, height });
  const picture = await page.screenshot({ path: path.join(dir, `${name}.png`) });
  const blank = await browser.newPage();
  const small = await blank.evaluate(async ([data, scale]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width / scale, image.height / scale].map(Math.round);
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/png').split(',')[1];
  }, [picture.toString('base64'), width > 600 ? 16 : 5]);
  await blank.close();
  fs.mkdirSync(path.join(dir, 'small'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'small', `${name}.png`), Buffer.from(small, 'base64'));
}

/// How far the small pictures of a page are from those of every page that are kept as references:
/// by look and page, the share of signs that differ clearly.
async function distances(name, looks) {
  const told = {};
  const data = (file) => (fs.existsSync(file) ? fs.readFileSync(file).toString('base64') : null);
  const blank = await browser.newPage();
  for (const look of looks) {
    told[look] = {};
    const one = data(path.join(dir, 'small', `${name}-${look}.png`));
    for (const page of pages) {
      const other = data(path.join(references, `${page.name}-${look}.png`));
      if (other) told[look][page.name] = await blank.evaluate(apart, [one, other]);
    }
  }
  await blank.close();
  return told;
}

/// The share of points of two pictures that differ by more than a little.
async function apart(both) {
  const seen = [];
  for (const data of both) {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    seen.push(context.getImageData(0, 0, image.width, image.height));
  }
  const [one, other] = seen;
  if (one.width !== other.width) return 1;
  const rows = Math.min(one.height, other.height);
  let differ = 0;
  for (let at = 0; at < rows * one.width * 4; at += 4) {
    const far = [0, 1, 2].some((part) => Math.abs(one.data[at + part] - other.data[at + part]) > 40);
    differ += far ? 1 : 0;
  }
  return (differ + Math.abs(one.height - other.height) * one.width) / (Math.max(one.height, other.height) * one.width);
}

/// The tables as a reader sees them: by the id of their heading, rows of cells.
function tables() {
  const all = {};
  const text = (one) => one.textContent.replace(/\s+/g, ' ').trim();
  for (const table of document.querySelectorAll('table')) {
    const id = table.closest('[aria-labelledby]').getAttribute('aria-labelledby');
    all[id] = [...table.rows].map((row) => [...row.cells].map(text));
  }
  for (const list of document.querySelectorAll('dl.facts')) {
    const id = list.closest('[aria-labelledby]').getAttribute('aria-labelledby');
    all[id] = [...list.children].map((one) => [...one.children].map(text));
  }
  all.top = [...document.querySelectorAll('header .card')].map((one) => [...one.querySelectorAll('p')].map(text));
  all.tiles = [...document.querySelectorAll('header .tiles > div')].map((one) => [...one.children].map(text));
  all.plots = [...document.querySelectorAll('figure > svg')].map((one) => [...one.children].slice(0, 2).map(text));
  return all;
}

/// What scripts add: the table of endpoints sorts and filters, by keyboard too.
async function comfort(page) {
  const faults = [];
  const rows = () => page.$$eval('#endpoints-table tbody tr:not(.total)', (all) =>
    all.filter((row) => row.offsetParent !== null).map((row) => row.cells[0].innerText.trim()));
  const before = await rows();
  if (before.length < 2) return faults;
  const button = page.locator('#endpoints-table thead button').first();
  await button.focus();
  await page.keyboard.press('Enter');
  const sorted = [...before].sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  if (JSON.stringify(await rows()) !== JSON.stringify(sorted)) faults.push(`sorts as ${await rows()}`);
  await page.keyboard.press('Enter');
  if (JSON.stringify(await rows()) !== JSON.stringify(sorted.reverse())) faults.push('does not sort the other way');
  const heads = await page.$$eval('#endpoints-table th[aria-sort]', (all) => all.map((one) => one.getAttribute('aria-sort')));
  if (JSON.stringify(heads) !== '["descending"]') faults.push(`tells the order as ${heads}`);
  await page.locator('#endpoints-table thead button', { hasText: 'requests' }).click();
  const counts = await page.$$eval('#endpoints-table tbody tr:not(.total)', (all) =>
    all.map((row) => Number(row.cells[1].innerText.replaceAll(',', ''))));
  if (counts.some((count, at) => at > 0 && counts[at - 1] < count)) faults.push(`sorts counts as ${counts}`);
  const wanted = before[before.length - 1];
  await page.fill('input[type=search]', wanted.toUpperCase());
  const left = await rows();
  if (!left.includes(wanted) || left.length >= before.length && before.length > 2) faults.push(`filters to ${left}`);
  await page.fill('input[type=search]', '');
  return faults;
}

/// The page as Jenkins shows it: without styles and scripts, plots are plots all the same.
async function strict(name, html) {
  const answer = { body: html, contentType: 'text/html', headers: { 'content-security-policy': JENKINS } };
  const look = { scripts: true, scheme: 'light', width: 1600 };
  const { page, context, faults } = await opened(name, look, answer);
  // That it refuses our styles and scripts is what it is for.
  const own = faults.filter((text) => !/^says (Applying inline style|Executing inline script|Blocked script execution|Refused to|Loading the image 'data:,')/.test(text));
  own.push(...await page.evaluate(() => [...document.querySelectorAll('svg path')]
    .filter((one) => getComputedStyle(one).fill !== 'none' || getComputedStyle(one).stroke === 'none')
    .filter((one) => !one.hasAttribute('fill') || one.getAttribute('fill') === 'none')
    .slice(0, 2).map((one) => `a line is filled: ${one.outerHTML.slice(0, 80)}`)));
  const text = await page.evaluate(words);
  await page.setViewportSize({ width: 1600, height: 3200 });
  await page.screenshot({ path: path.join(dir, `${name}-jenkins.png`) });
  await context.close();
  return { faults: own, text };
}

/// On paper: nothing that only works on a screen, and nothing cut off.
async function printed(page) {
  // A sheet of A4 between its margins.
  await page.setViewportSize({ width: 718, height: 900 });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  return page.evaluate(() => {
    const faults = [];
    if (getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)') faults.push('is dark');
    const hidden = [...document.querySelectorAll('.scroll')].filter((one) => getComputedStyle(one).overflowX !== 'visible');
    if (hidden.length) faults.push('cuts tables off');
    for (const table of document.querySelectorAll('table')) {
      const right = Math.round(table.getBoundingClientRect().right);
      const id = table.closest('[aria-labelledby]').getAttribute('aria-labelledby');
      if (right > innerWidth) faults.push(`${id} ends at ${right} of ${innerWidth}`);
    }
    if ([...document.querySelectorAll('[data-comfort]')].some((one) => one.offsetParent !== null)) faults.push('shows controls');
    return faults;
  });
}

/// Names that want to become something else, with the page's own policy and without it.
async function hostile(name, html) {
  const told = { faults: [] };
  const policy = /<meta http-equiv="Content-Security-Policy"[^>]*>/;
  for (const [kind, body] of [['whole', html], ['without its policy', html.replace(policy, '')]]) {
    const look = { scripts: true, scheme: 'light', width: 1600 };
    const { page, context, faults } = await opened(name, look, { body, contentType: 'text/html' });
    faults.push(...await page.evaluate(() => {
      const faults = [];
      if (globalThis.hit !== undefined) faults.push(`ran ${globalThis.hit}`);
      const allowed = new Set(['script', 'style', 'meta', 'link', 'title']);
      for (const one of document.querySelectorAll('*')) {
        const tag = one.localName;
        const from = one.closest('svg') || allowed.has(tag) ? [] : ['img', 'iframe', 'object', 'embed', 'form', 'a', 'base', 'audio', 'video', 'math', 'template', 'marquee'];
        if (from.includes(tag)) faults.push(`has a <${tag}>`);
        for (const { name } of one.attributes) if (/^on|^style$|^srcdoc$|^formaction$/.test(name)) faults.push(`<${tag}> has ${name}`);
      }
      if (document.querySelectorAll('script').length > 1) faults.push('has scripts');
      if (document.querySelectorAll('style').length > 1) faults.push('has styles');
      return faults;
    }));
    const input = await page.$('input[type=search]');
    if (input) await input.fill('<img src=x onerror=hit=1>');
    const buttons = await page.$$('thead button');
    for (const button of buttons) await button.click();
    if (await page.evaluate(() => globalThis.hit !== undefined)) faults.push('ran something when it was used');
    told.names = await page.$$eval('#endpoints-table tbody tr:not(.total) th', (all) => all.length);
    told.faults.push(...faults.map((text) => `${kind}: ${text}`));
    await context.close();
  }
  return told;
}
