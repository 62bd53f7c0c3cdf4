"""The history of computing, and music."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

COMPUTING_HISTORY = Table(
    columns=("thing", "who", "when", "why", "then"),
    asks=(
        Ask(
            ("Who is behind {thing}?", "Who do we owe {thing} to?"),
            ("Who was behind it?",),
            ("{thing} goes back to {who}.",),
        ),
        Ask(
            ("When did {thing} appear?", "How old is {thing}?"),
            ("When was that?",),
            ("It dates from {when}.", "{thing} dates from {when}."),
        ),
        Ask(
            ("Why was {thing} important for computing?", "What was new about {thing}?"),
            ("Why did it matter?",),
            ("{why}.",),
        ),
        Ask(
            ("What became of {thing}?", "What is left of {thing} today?"),
            ("What became of it?",),
            ("{then}.",),
        ),
    ),
    rows="""
the Analytical Engine | Charles Babbage, with notes by Ada Lovelace | 1837 | It was the first design of a general, programmable computer | It was never built, but parts and drawings are in museums in London and Oxford
the first published program | Ada Lovelace | 1843 | Her note G describes step by step how the machine would compute Bernoulli numbers | The language Ada is named after her
the punched card of Jacquard | Joseph-Marie Jacquard | 1804 | It let a loom follow a pattern that could be exchanged | Punched cards carried programs and data until the 1970s
the tabulating machine | Herman Hollerith | 1890 | It shortened the counting of the American census by years | His company became part of IBM
the Turing machine | Alan Turing | 1936 | It showed what can be computed at all and what cannot | It is still the model with which computer scientists reason
the Z3 | Konrad Zuse | 1941 | It was the first working programmable and fully automatic computer | It was destroyed in 1943; a copy stands in Munich
Colossus | Tommy Flowers and his team | 1943 | It was the first large electronic digital computer, built to read German messages | It was kept secret until the 1970s; a rebuilt one runs at Bletchley Park
ENIAC | John Mauchly and Presper Eckert | 1945 | It was a fast general electronic computer, programmed by cables and switches | Its six first programmers, all women, were honoured only decades later
the transistor | John Bardeen, Walter Brattain and William Shockley | 1947 | It replaced hot and fragile vacuum tubes | Billions of them fit on a chip today
the compiler | Grace Hopper, with her A-0 system | 1952 | It let the machine itself translate more readable programs | Her ideas led to COBOL
FORTRAN | John Backus at IBM | 1957 | It was the first widely used high-level language | New versions are still used for weather and physics
LISP | John McCarthy | 1958 | It treats programs as lists and brought garbage collection | Clojure, Scheme and Emacs Lisp are its descendants
COBOL | a committee that built on Grace Hopper's work | 1959 | It let business rules be written in something like English | Banks still run large amounts of it
the integrated circuit | Jack Kilby and Robert Noyce | 1958 and 1959 | It put several components on one piece of semiconductor | All electronics rest on it
the computer mouse | Douglas Engelbart and Bill English | 1964 | It made pointing at things on a screen easy | Engelbart showed it to the public in 1968 in what is called the mother of all demos
BASIC | John Kemeny and Thomas Kurtz | 1964 | It was meant for students of all subjects | It came with most home computers of the 1980s
ARPANET | a project of the US agency ARPA | 1969 | It was the first wide network that switched packets | The internet grew out of it and it was closed in 1990
Unix | Ken Thompson and Dennis Ritchie | 1969 | It offered small tools, files and pipes on cheap machines | Linux, macOS and Android carry its ideas
the C language | Dennis Ritchie | 1972 | It is close to the machine and yet portable | Operating systems are still written in it
the microprocessor Intel 4004 | Federico Faggin, Ted Hoff, Stanley Mazor and Masatoshi Shima | 1971 | It put a whole processor on one chip | Its descendants run most personal computers
e-mail between computers | Ray Tomlinson | 1971 | He chose the sign @ to part the user from the machine | Hundreds of billions are sent every day
Ethernet | Robert Metcalfe and David Boggs at Xerox PARC | 1973 | It let many machines share one cable | It is still the standard of wired networks
the Xerox Alto | Xerox PARC | 1973 | It had windows, a mouse and a network | It was never sold widely but inspired the Macintosh
the relational database | Edgar F. Codd | 1970 | It separates the data from the way it is stored | SQL databases are built on the idea
public-key cryptography | Whitfield Diffie and Martin Hellman | 1976 | Two people can agree on a secret over an open line | It protects every https page
VisiCalc | Dan Bricklin and Bob Frankston | 1979 | It was the first spreadsheet on a personal computer | Excel and others took over its idea
the World Wide Web | Tim Berners-Lee at CERN | 1989 | It joined hypertext with the internet | CERN gave it to the public for free in 1993
Linux | Linus Torvalds | 1991 | It is a free kernel that thousands have improved together | It runs most servers and all of the fastest computers
Python | Guido van Rossum | 1991 | It puts readability first | It is among the most used languages, above all for data
Wikipedia | Jimmy Wales and Larry Sanger | 2001 | Anybody can improve its articles | It exists in more than 300 languages
git as a tool | Linus Torvalds | 2005 | It made branching and merging fast and needs no central server | Nearly all open source is kept in it
""",
)

MUSIC_TERMS = Table(
    columns=("term", "meaning", "example", "listen"),
    asks=(
        Ask(
            ("What does {term} mean in music?", "What do musicians call {term}?"),
            ("What does {term} mean again?",),
            ("{term} is {meaning}.",),
        ),
        Ask(
            ("Can you name a piece that shows {term}?", "Where can I hear {term}?"),
            ("Is there a well-known piece with it?",),
            ("You can hear it in {example}.",),
        ),
        Ask(
            (
                "How do I recognise {term} when listening?",
                "What should I listen for to notice {term}?",
            ),
            ("How do I recognise it?",),
            ("{listen}.",),
        ),
    ),
    rows="""
a fugue | a piece in which one theme enters in voice after voice | Bach's Toccata and Fugue in D minor | The theme begins alone and is then answered at another pitch
a canon | a piece in which all voices sing the same melody one after another | Pachelbel's Canon | The second voice repeats exactly what the first one did
a sonata form | a plan of exposition, development and recapitulation | the first movement of Mozart's Eine kleine Nachtmusik | Two themes contrast, are taken apart and come back in one key
a crescendo | a gradual growth in loudness | Ravel's Boléro | The music swells although its speed stays the same
a diminuendo | a gradual fading in loudness | the end of Holst's Neptune | The sound seems to move away
staccato | playing notes short and detached | Haydn's Surprise Symphony | There is a little silence after each note
legato | playing notes joined smoothly | Chopin's nocturnes | You hear no gap between the notes
pizzicato | plucking the strings instead of bowing them | the scherzo of Tchaikovsky's Fourth Symphony | Violins sound almost like guitars
vibrato | a slight, regular wavering of pitch | nearly every opera aria | A long note seems to pulse
syncopation | stressing the weak parts of the bar | Joplin's Maple Leaf Rag | The melody falls between the beats you tap
a waltz | a dance in three-four time | The Blue Danube by Johann Strauss the younger | Count one-two-three with the stress on one
a march | music in two or four beats to walk to | Elgar's Pomp and Circumstance | You can step left and right to it
a minor key | a scale with a lowered third, often heard as darker | Beethoven's Moonlight Sonata | Many people find it sadder than major
a major key | a scale with a bright third | Vivaldi's Spring | The chords sound open and cheerful
a chord | three or more notes at the same time | the opening of Also sprach Zarathustra | Several pitches melt into one sound
an arpeggio | the notes of a chord one after another | Bach's Prelude in C major | The harmony ripples upwards or downwards
an octave | the distance between a note and the one with double its frequency | the first two notes of Over the Rainbow | Both notes sound like the same one, high and low
a tritone | the distance of three whole tones | the opening of Maria in West Side Story | It sounds tense and wants to move on
counterpoint | leading several independent melodies together | Bach's inventions | You can follow each hand as a tune of its own
improvisation | making music up while playing | Keith Jarrett's Köln Concert | No two performances are alike
a blues in twelve bars | a pattern of three chords over twelve bars | Johnny B. Goode by Chuck Berry | The first line is often repeated before the answer comes
a riff | a short figure that keeps coming back | Smoke on the Water by Deep Purple | You can hum it after one hearing
a cappella | singing without instruments | Allegri's Miserere | You hear voices only
a leitmotif | a short theme tied to a person or an idea | Wagner's Ring and the music of Star Wars | It returns whenever the person or idea does
""",
)

COMPOSERS = Table(
    columns=("composer", "lived", "born_in", "work", "fact"),
    asks=(
        Ask(
            ("When did {composer} live?", "In which years was {composer} alive?"),
            ("When was that?",),
            ("{composer} lived from {lived}.",),
        ),
        Ask(
            ("Where was {composer} born?", "From which place did {composer} come?"),
            ("And where was the composer born?",),
            ("{composer} was born in {born_in}.",),
        ),
        Ask(
            (
                "What is a famous work of {composer}?",
                "What should I listen to first by {composer}?",
            ),
            ("What should I listen to first?",),
            ("A good start is {work}.", "Try {work}."),
        ),
        Ask(
            (
                "Tell me something about the life of {composer}.",
                "What is a good story about {composer}?",
            ),
            ("Do you know something about that life?",),
            ("{fact}.",),
        ),
    ),
    rows="""
Johann Sebastian Bach | 1685 to 1750 | Eisenach | the Brandenburg Concertos | He walked some 400 kilometres to Lübeck to hear Buxtehude play
Georg Friedrich Händel | 1685 to 1759 | Halle | Messiah | He wrote Messiah in about 24 days
Antonio Vivaldi | 1678 to 1741 | Venice | The Four Seasons | He was a priest and taught girls of an orphanage
Joseph Haydn | 1732 to 1809 | Rohrau in Austria | the Surprise Symphony | He wrote more than a hundred symphonies
Wolfgang Amadeus Mozart | 1756 to 1791 | Salzburg | The Magic Flute | He toured Europe as a child of six
Ludwig van Beethoven | 1770 to 1827 | Bonn | the Fifth Symphony | He was deaf when he wrote his Ninth Symphony
Franz Schubert | 1797 to 1828 | Vienna | Winterreise | He wrote about 600 songs and died at 31
Fanny Hensel | 1805 to 1847 | Hamburg | the piano cycle The Year | Some of her songs first appeared under the name of her brother Felix Mendelssohn
Frédéric Chopin | 1810 to 1849 | Żelazowa Wola in Poland | the nocturnes | His heart rests in a church in Warsaw
Robert Schumann | 1810 to 1856 | Zwickau | Scenes from Childhood | He ruined a hand and so became a composer instead of a pianist
Clara Schumann | 1819 to 1896 | Leipzig | the Piano Concerto in A minor | She gave concerts for more than sixty years
Johannes Brahms | 1833 to 1897 | Hamburg | A German Requiem | He took about twenty years to finish his First Symphony
Pyotr Tchaikovsky | 1840 to 1893 | Votkinsk | Swan Lake | He conducted at the opening of Carnegie Hall
Antonín Dvořák | 1841 to 1904 | Nelahozeves in Bohemia | the New World Symphony | He loved trains and knew their timetables by heart
Claude Debussy | 1862 to 1918 | Saint-Germain-en-Laye | Clair de lune | He was moved by Javanese music at the Paris exhibition of 1889
Maurice Ravel | 1875 to 1937 | Ciboure | Boléro | He drove an ambulance lorry in the First World War
Igor Stravinsky | 1882 to 1971 | Oranienbaum near Saint Petersburg | The Rite of Spring | The first night of The Rite of Spring in 1913 ended in an uproar
Béla Bartók | 1881 to 1945 | Nagyszentmiklós, now in Romania | the Concerto for Orchestra | He recorded thousands of folk songs in villages
George Gershwin | 1898 to 1937 | Brooklyn | Rhapsody in Blue | He began as a pianist who played new songs to customers of a publisher
Duke Ellington | 1899 to 1974 | Washington | Mood Indigo | He led his orchestra for about fifty years
Scott Joplin | about 1868 to 1917 | Texas | The Entertainer | He received a Pulitzer Prize almost sixty years after his death
Hildegard von Bingen | 1098 to 1179 | the area of Alzey in Germany | the songs of the Symphonia | She also wrote on medicine and founded a convent
""",
)

TABLES = (COMPUTING_HISTORY, MUSIC_TERMS, COMPOSERS)
