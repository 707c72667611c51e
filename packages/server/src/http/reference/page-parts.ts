/** Style and script of the reference page, allowed there by their hashes. */

export const pageStyle = `
:root { --text: #1c1e21; --quiet: #667085; --line: #e4e7ec; --back: #fff; --soft: #f7f8fa; --link: #4338ca; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e8eb; --quiet: #98a2b3; --line: #2b3038; --back: #14161a; --soft: #1b1e24; --link: #a5b4fc; }
}
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); color: var(--text); background: var(--back);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.25rem; border-right: 1px solid var(--line);
  background: var(--soft); }
nav h1 { font-size: 1.1rem; margin: 0 0 .75rem; } nav h1 small { color: var(--quiet); font-weight: normal; }
nav h2 { font-size: .95rem; } nav ul { list-style: none; margin: .25rem 0 .75rem; padding-left: .75rem; }
nav summary { cursor: pointer; padding: .15rem 0; font-weight: 600; }
nav input { width: 100%; padding: .4rem .6rem; margin-bottom: .75rem; color: inherit; background: var(--back);
  border: 1px solid var(--line); border-radius: 6px; font: inherit; }
main { padding: 1rem 2.5rem 6rem; max-width: 62rem; }
main h2 { margin: 2.5rem 0 1rem; } h3 { font-size: 1.02rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 .35rem; font-size: .85rem; color: var(--quiet); }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h3 a { color: inherit; }
code, pre { font: .87em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow: auto; }
.operation, .schema { border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem; margin: 0 0 1rem;
  scroll-margin-top: 1rem; }
.operation:target, .schema:target { border-color: var(--link); }
.method { display: inline-block; min-width: 3.6rem; padding: .05rem .4rem; border-radius: 5px; color: #fff;
  font-size: .75rem; text-align: center; background: #475467; }
.get { background: #0b6e4f; } .post { background: #3538cd; } .patch { background: #b54708; } .delete { background: #b42318; }
table { width: 100%; border-collapse: collapse; } tr { border-top: 1px solid var(--line); }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; font-weight: normal; }
th { width: 16rem; } .type { color: var(--quiet); font-size: .88em; } .quiet { color: var(--quiet); }
.mark { font-size: .75rem; color: #b54708; } .mark.quiet { color: var(--quiet); }
details > summary { cursor: pointer; color: var(--quiet); font-size: .88em; }
[hidden] { display: none; }
@media (max-width: 800px) { body { display: block; } nav { position: static; height: auto; } main { padding: 1rem; } }
`;

export const filterScript = `
document.getElementById('filter').addEventListener('input', (event) => {
  const words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const group of document.querySelectorAll('.group')) {
    let shown = 0;
    for (const operation of group.querySelectorAll('.operation')) {
      operation.hidden = !words.every((word) => operation.dataset.search.includes(word));
      if (!operation.hidden) shown++;
    }
    group.hidden = shown === 0;
  }
});
`;
