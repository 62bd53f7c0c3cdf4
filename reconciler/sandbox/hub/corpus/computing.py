"""git, the Unix shell and Python."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

GIT = Table(
    columns=("command", "does", "example", "care"),
    asks=(
        Ask(
            ("What does `{command}` do?", "When would I use `{command}`?"),
            ("What does it do exactly?",),
            ("`{command}` {does}.",),
        ),
        Ask(
            ("Show me an example of `{command}`.", "How do I call `{command}`?"),
            ("Can you show me an example?", "How do I call it?"),
            ("For example: {example}.",),
        ),
        Ask(
            ("What should I be careful about with `{command}`?", "Is there a trap in `{command}`?"),
            ("Is there anything to be careful about?",),
            ("{care}.",),
        ),
    ),
    rows="""
git init | turns a directory into a new, empty repository | `git init my-project` | Running it in your home directory makes everything below look like one repository
git clone | copies a repository with its whole history | `git clone --depth 1 URL` for the newest commit only | A shallow copy cannot show older history until you fetch it
git status | lists changed, staged and unknown files | `git status --short` | Files that .gitignore names are not shown
git add | stages changes for the next commit | `git add -p` asks for each piece of a change | `git add .` also takes files you forgot to ignore
git commit | records what is staged as a new commit | `git commit -m "Fix the parser"` | Only staged changes are recorded, not everything you see in the editor
git commit --amend | replaces the last commit with a corrected one | `git commit --amend --no-edit` | Do not amend a commit that others already have
git log | shows the history | `git log --oneline --graph` | By default it shows what the current branch reaches, not all branches
git diff | shows changes line by line | `git diff --staged` for what will be committed | Without options it leaves out what is already staged
git branch | lists, makes and deletes branches | `git branch -d old-topic` | `-D` deletes a branch even if its commits are merged nowhere
git switch | changes the current branch | `git switch -c topic` makes it first | It stops when uncommitted changes would be overwritten
git restore | puts files back as they were | `git restore notes.txt` | Changes thrown away this way cannot be brought back
git merge | joins another branch into the current one | `git merge topic` | After a conflict, finish with git commit or give up with `git merge --abort`
git rebase | moves commits onto another base | `git rebase main` | It rewrites commits, so do not use it on branches others work on
git rebase -i | lets you reorder, join and drop commits | `git rebase -i HEAD~3` for the last three | Save the old position with a branch first if you are unsure
git cherry-pick | applies a single commit to the current branch | `git cherry-pick 1a2b3c4` | The copy has another id, so the change may show up twice later
git revert | adds a commit that undoes an earlier one | `git revert 1a2b3c4` | For a merge commit you must say which parent counts with `-m 1`
git reset --hard | moves the branch and makes all files match | `git reset --hard HEAD~1` | Uncommitted work is lost without a question
git reset --soft | moves the branch but keeps the changes staged | `git reset --soft HEAD~2` to make one commit of two | The old commits are only reachable through the reflog afterwards
git stash | puts uncommitted changes aside | `git stash push -m "half done"` | New files stay behind unless you add `-u`
git stash pop | brings the newest stash back | `git stash pop` | After a conflict the stash is kept and must be dropped by hand
git fetch | gets new commits without touching your branches | `git fetch --prune` | Nothing in your files changes until you merge or rebase
git pull | fetches and then merges or rebases | `git pull --ff-only` | Without `--ff-only` it may make a merge commit you did not want
git push | sends your commits to a remote | `git push -u origin topic` the first time | It is refused when the remote has commits you do not have
git push --force-with-lease | overwrites a remote branch only if nobody else has moved it | `git push --force-with-lease` | A fetch in between weakens the protection
git tag | names a commit for good | `git tag -a v1.0 -m "First release"` | Tags are not pushed unless you ask for it with `--tags`
git bisect | finds the commit that broke something by halving | `git bisect start HEAD v1.0` and then good or bad | Forgetting `git bisect reset` leaves you on an old commit
git blame | shows who last changed each line | `git blame -L 10,20 file.py` | A reformatting commit hides the real author unless you ignore it with `--ignore-rev`
git reflog | lists where HEAD has been | `git reflog` and then `git reset --hard HEAD@{2}` | It is local and entries expire after about 90 days
git worktree | checks out a second branch in another directory | `git worktree add ../fix main` | The same branch cannot be checked out twice
git submodule | nests one repository in another at a fixed commit | `git submodule update --init` | A plain clone leaves the nested directory empty
git clean | deletes files git does not know | `git clean -n` shows what would go | `git clean -fdx` also deletes ignored files such as your local settings
git show | shows one commit with its changes | `git show HEAD~1` | For a merge it shows only what differs from both parents
""",
)

UNIX = Table(
    columns=("command", "does", "example", "care"),
    asks=(
        Ask(
            ("What is `{command}` for in the shell?", "What does the Unix command `{command}` do?"),
            ("What does that command do?",),
            ("`{command}` {does}.",),
        ),
        Ask(
            (
                "Give me a handy example of `{command}`.",
                "How do people use `{command}` in practice?",
            ),
            ("Do you have a handy example?",),
            ("{example}.",),
        ),
        Ask(
            (
                "What is a common mistake with `{command}`?",
                "What should I know before using `{command}`?",
            ),
            ("What is a common mistake?",),
            ("{care}.",),
        ),
    ),
    rows="""
ls | lists the files of a directory | `ls -lht` lists them newest first with readable sizes | Names that begin with a dot are hidden unless you add -a
cd | changes the current directory | `cd -` goes back to the one before | In a script it affects the script only, not your terminal
pwd | prints the current directory | `pwd -P` shows the real path behind symbolic links | Without -P a link's own name may be shown
cp | copies files | `cp -a photos backup` keeps times and rights | It overwrites the target without asking unless you add -i
mv | moves or renames files | `mv draft.txt final.txt` | Moving onto an existing file replaces it
rm | deletes files | `rm -i *.tmp` asks for each one | There is no recycle bin, so a wrong `rm -r` is final
mkdir | makes directories | `mkdir -p a/b/c` makes the parents too | Without -p a missing parent is an error
find | searches a tree by name, size, time and more | `find . -name '*.log' -mtime +30` finds logs older than 30 days | Quote the pattern, or the shell expands it first
grep | prints the lines that match a pattern | `grep -rn TODO src` searches a tree with line numbers | A dot in a pattern matches any character; use -F for plain text
sed | edits a stream of text by rules | `sed 's/colour/color/g' in.txt` prints the changed text | -i changes the file itself, and macOS wants an argument after it
awk | splits lines into fields and computes with them | `awk '{s += $2} END {print s}' sales.txt` adds up a column | Fields are counted from 1; $0 is the whole line
sort | sorts lines | `sort -n -k2 data.txt` sorts by the second column as numbers | Without -n the number 10 comes before 9
uniq | drops repeated neighbouring lines | `uniq -c sorted.txt` counts them | The input must be sorted, as only neighbours are compared
cut | takes columns out of lines | `cut -d, -f2 table.csv` prints the second column | It does not understand quoted commas
tr | replaces or deletes single characters | `tr a-z A-Z < in.txt` makes capitals | It reads standard input only and takes no file name
wc | counts lines, words and bytes | `wc -l *.py` counts lines of code | A last line without a newline is not counted
head | prints the first lines | `head -n 20 big.csv` | Without -n it prints ten
tail | prints the last lines | `tail -f app.log` follows a growing file | When logs are rotated use -F, which opens the new file
less | shows text page by page | `less +F app.log` follows a log until Ctrl-C | Leave it with q, not with Ctrl-C
cat | prints files one after another | `cat a.txt b.txt > both.txt` joins two files | `cat x > x` empties the file before it is read
tar | packs files into an archive | `tar -czf site.tar.gz site/` packs and compresses | Look inside with -t before unpacking a stranger's archive
gzip | compresses one file | `gzip -k notes.txt` keeps the original | Without -k the original is replaced
ssh | opens a shell on another machine | `ssh -L 8080:localhost:80 host` also forwards a port | Check the key's fingerprint when you connect the first time
scp | copies files between machines | `scp report.pdf host:docs/` | Forgetting the colon makes a local copy named like the host
rsync | copies only what differs | `rsync -av --delete src/ backup/` mirrors a tree | A slash after the source means its contents and not the directory itself
curl | talks to web servers from the shell | `curl -fsSL -o file.tgz URL` downloads with errors reported | Without -f an error page is saved as if it were the file
chmod | changes the rights of files | `chmod u+x run.sh` makes a script executable | `chmod 777` lets everybody change the file
chown | changes the owner of files | `chown -R www:www /srv/site` | Usually only root may do it
ps | lists processes | `ps aux` shows all of them | It is one moment; use top to watch
kill | sends a signal to a process | `kill 4711` asks it to end | `kill -9` gives it no chance to save anything
df | shows the free space of file systems | `df -h` with readable sizes | A full disk may also be out of inodes; see `df -i`
du | shows how much space directories take | `du -sh *` one line each | Deleted files that are still open take space it does not see
ln | makes links | `ln -s target name` makes a symbolic link | A relative target counts from the link's place
xargs | turns input into arguments of a command | `xargs -0 rm` with `find -print0` handles spaces | Without -0, names with spaces break apart
diff | compares files line by line | `diff -u old.txt new.txt` | It ends with 1 when files differ, which stops scripts that use set -e
crontab | edits the table of timed jobs | `crontab -e`, and then `0 3 * * * backup.sh` for three at night | Jobs run with a short PATH, so write full paths
""",
)

PYTHON = Table(
    columns=("thing", "meaning", "example", "care"),
    asks=(
        Ask(
            ("What is {thing} in Python?", "Can you explain {thing} in Python to me?"),
            ("What is it, in one sentence?",),
            ("{meaning}.",),
        ),
        Ask(
            ("Show me a small example of {thing} in Python.", "How do I use {thing} in Python?"),
            ("How do I use it?", "Could you show a small example?"),
            ("A small example of {thing}: {example}.", "You write it like this: {example}."),
        ),
        Ask(
            (
                "What is a typical pitfall with {thing} in Python?",
                "What trips people up about {thing} in Python?",
            ),
            ("What is a typical pitfall?",),
            ("{care}.",),
        ),
    ),
    rows="""
a list | A list is an ordered collection that can grow and change | `names = ["Ada", "Alan"]; names.append("Grace")` | `b = a` makes a second name and no copy; use `a.copy()`
a tuple | A tuple is an ordered collection that cannot be changed | `point = (3, 4)` and `x, y = point` | A tuple of one needs a comma: `(3,)`
a dictionary | A dictionary maps keys to values | `ages = {"Ada": 36}; ages.get("Alan", 0)` | `ages["Alan"]` raises KeyError when the key is missing
a set | A set holds each value once and has no order | `set("banana")` holds b, a and n | `{}` is an empty dictionary; write `set()`
a list comprehension | It builds a list from a loop in one expression | `[n * n for n in range(5) if n % 2]` | Nested ones are hard to read; use a loop
a generator | A generator yields values one at a time and computes them when asked | `def count(): yield 1; yield 2` | It can be read only once
a decorator | A decorator wraps a function and gives back another one | `@functools.cache` above a function remembers its results | Without functools.wraps the wrapped name and docstring get lost
a context manager | It sets something up and cleans it up, whatever happens | `with open("a.txt") as f: text = f.read()` | An object used after its with block may be closed
an f-string | It puts values into text | `f"{price:.2f} euros"` | Up to Python 3.11 the same quotes cannot be used inside the braces
slicing | It takes a part of a sequence | `text[1:4]`, `text[::-1]` | The end is not included
unpacking | It spreads a sequence over names or arguments | `first, *rest = [1, 2, 3]` | The number of names must fit unless one has a star
a lambda | A lambda is a small function without a name | `sorted(words, key=lambda w: len(w))` | In a loop it sees the last value of the variable
a class | A class describes the data and behaviour of objects | `class Dog: def bark(self): return "wuff"` on separate lines | A list set in the class body is shared by all objects
a dataclass | A dataclass writes __init__, __repr__ and __eq__ from annotations | `@dataclass class P: x: int; y: int` on separate lines | A list as default needs `field(default_factory=list)`
inheritance | It lets a class take over the behaviour of another | `class Cat(Animal):` | Deep hierarchies are hard to follow; prefer small parts joined together
an exception | An exception says that something went wrong and ends the normal flow | `try: int("x")` with `except ValueError as error:` | A bare except hides even typing errors
None | None stands for the absence of a value | `if result is None:` | Compare it with `is` and not with `==`
truthiness | It is how values count in an if: empty ones and zero are false | `if not items: print("empty")` | `if value:` also skips the number 0
a default argument | It is the value a parameter has when the caller gives none | `def greet(name="you"):` | A list as default is made once and shared by all calls
*args and **kwargs | They collect further positional and named arguments | `def f(*args, **kwargs): print(args, kwargs)` | Misspelt names are swallowed without an error
the global interpreter lock | It lets one thread at a time run Python code | Use multiprocessing for computation and threads for waiting | Threads do not make pure Python computation faster
asyncio | It runs many waiting tasks in one thread | `await asyncio.gather(fetch(a), fetch(b))` | One blocking call stops all tasks
a virtual environment | It is a directory with its own interpreter and packages | `python -m venv .venv` | Activating it changes one terminal only
pip | pip installs packages | `python -m pip install requests` | A plain `pip` may belong to another Python
a module | A module is a file with Python code that can be imported | `import math; math.sqrt(2)` | A file of your own named random.py hides the real one
a package | A package is a directory of modules | `from mytool.io import load` | Starting a file inside it as a script breaks its relative imports
type hints | They say which types a function takes and gives | `def area(r: float) -> float:` | They are not checked at run time; use mypy
pathlib | It handles file paths as objects | `Path("data") / "a.txt"` | `Path.write_text` replaces the whole file
enumerate | It counts while you loop | `for number, line in enumerate(lines, start=1):` | Without start it begins at 0
zip | It walks several sequences side by side | `for name, age in zip(names, ages):` | It stops at the shortest unless you say strict=True
sorted | It gives back a new sorted list | `sorted(people, key=lambda p: p.age)` | `list.sort()` sorts in place and gives back None
the json module | It reads and writes JSON | `json.loads('[1, 2]')` | Keys that are numbers come back as strings
regular expressions | They describe patterns of text | `re.findall(r"\\d+", "a1b22")` | Use raw strings, or the backslashes get lost
logging | It writes messages with levels | `logging.getLogger(__name__).info("ready")` | Without configuration, messages below warning are not shown
pytest | pytest finds and runs tests | `def test_sum(): assert 1 + 1 == 2` | It collects only names that begin with test
the walrus operator | It gives a value a name within an expression | `while (line := f.readline()):` | It needs parentheses in most places
""",
)

TABLES = (GIT, UNIX, PYTHON)
