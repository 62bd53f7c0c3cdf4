"""What the page of the loop has beyond the style and the script of a plan's page."""

from reconciler.render.page_style import SCRIPT, STYLE

LOOP_SCRIPT = SCRIPT.replace("'.change'", "'#changes>.change'")
"""Filters the specs, not the changes of their plans."""

LOOP_STYLE = (
    STYLE
    + """
.state{display:inline-block;min-width:9.5rem;font-weight:600}
.failed,.stalled{color:var(--delete)}.approval,.drifted{color:var(--update)}.ready{color:var(--create)}
.pending{color:var(--run)}.held,.unknown{color:var(--quiet)}
.counts span{margin-right:1.2rem}summary .why{color:var(--quiet)}
.change h3{font-size:1rem;margin:.8rem 0 .2rem 1.2rem}.change ul{margin-left:1.2rem}
.change section{margin:.6rem 0 .6rem 1.2rem}.change .change,.change>details{margin-left:1.2rem}section>pre:last-child{margin-bottom:0}
section{padding:.4rem 1rem}th,td{padding:.1rem 1rem .1rem 0;vertical-align:top}
@media(min-width:40rem){td.word{white-space:nowrap}}
@media(max-width:40rem){tr{display:block;margin:.5rem 0}}
pre{margin:.4rem 0;padding:.5rem .7rem;background:var(--bg);border:1px solid var(--line);
border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font:.92em ui-monospace,monospace}
nav a{margin-right:1rem}a{color:var(--run)}
"""
)
