"""The style and the script of a plan's page; their digests are in its security policy."""

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1f2328;--quiet:#59636e;--line:#d1d9e0;--box:#f6f8fa;
--create:#1a7f37;--update:#9a6700;--replace:#8250df;--delete:#cf222e;--run:#0969da}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--quiet:#9198a1;--line:#3d444d;
--box:#151b23;--create:#3fb950;--update:#d29922;--replace:#ab7df8;--delete:#f85149;--run:#4493f8}}
body{margin:2rem auto;max-width:70rem;padding:0 1rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:0}section h2{padding-top:.4rem}h2{font-size:1.1rem;margin:1.2rem 0 .4rem}
code,td,svg text{font-family:ui-monospace,monospace}code{font-size:.92em}
.quiet{color:var(--quiet)}.good{color:var(--create)}.bad{color:var(--delete)}.caution{color:var(--update)}
section{border-left:4px solid var(--line);padding:0 1rem;margin:1rem 0;background:var(--box)}
section.attention,section.warn{border-color:var(--update);color:var(--fg)}
section.bad{border-color:var(--delete);color:var(--fg)}
ul{padding:.2rem 0 .6rem 1.2rem;margin:0}
.change{border:1px solid var(--line);border-radius:6px;margin:.3rem 0;padding:.3rem .7rem}
.change[hidden]{display:none}summary{cursor:pointer}.change p{margin:.3rem 0 .3rem 1.2rem}
table{border-collapse:collapse;margin:.3rem 0 .3rem 1.2rem;font-size:.92em}
th{text-align:left;font-weight:500;padding-right:1rem;vertical-align:top;overflow-wrap:normal}
@media(min-width:40rem){th{min-width:8rem;max-width:20rem}}
@media(max-width:40rem){th,td{display:block}td{padding:0 0 .3rem 1rem}th{overflow-wrap:anywhere}}
ins{text-decoration:none}del{color:var(--quiet)}
b.create,b.adopt{color:var(--create)}b.update{color:var(--update)}b.replace{color:var(--replace)}
b.delete,b.blocked{color:var(--delete)}b.run{color:var(--run)}
input{font:inherit;padding:.3rem .6rem;width:min(24rem,90%);background:var(--bg);color:var(--fg);
border:1px solid var(--line);border-radius:6px}
.graph{overflow:auto;max-height:80vh;border:1px solid var(--line);border-radius:6px}
svg .edge{stroke:var(--line);fill:none}svg rect{fill:var(--box);stroke:var(--line);stroke-width:1.5}
svg text{fill:var(--fg);font-size:12px}
svg .create rect,svg .adopt rect{stroke:var(--create)}svg .update rect{stroke:var(--update)}
svg .replace rect{stroke:var(--replace)}svg .run rect{stroke:var(--run)}
svg .delete rect,svg .blocked rect{stroke:var(--delete)}
"""

SCRIPT = """
const box=document.getElementById('filter');
if(box){const all=[...document.querySelectorAll('.change')];const out=document.getElementById('shown');
box.addEventListener('input',()=>{const word=box.value.toLowerCase();let n=0;
for(const c of all){c.hidden=!c.textContent.toLowerCase().includes(word);n+=!c.hidden}
out.textContent=word?n+' of '+all.length:''})}
"""
