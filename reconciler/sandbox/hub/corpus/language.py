"""English grammar and words that are often confused."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

GRAMMAR = Table(
    columns=("term", "meaning", "example", "rule"),
    asks=(
        Ask(
            ("What is {term} in English grammar?", "Can you explain what {term} is?"),
            ("What is {term} again?",),
            ("{term} is {meaning}.",),
        ),
        Ask(
            (
                "Give me an example sentence with {term}.",
                "What does {term} look like in a sentence?",
            ),
            ("Can you give an example sentence?",),
            ('For example: "{example}"',),
        ),
        Ask(
            ("Is there a rule for {term}?", "How do I use {term} correctly?"),
            ("Is there a rule for it?",),
            ("{rule}.",),
        ),
    ),
    rows="""
a noun | a word for a person, thing, place or idea | The garden is quiet. | Most nouns that can be counted take an s in the plural
a verb | a word for an action or a state | She repairs bicycles. | In the present tense it takes an s after he, she and it
an adjective | a word that describes a noun | It was a cold morning. | It stands before the noun or after a form of to be
an adverb | a word that describes a verb, an adjective or a whole sentence | He sings beautifully. | Many are made by adding ly to an adjective, but fast and hard stay as they are
a pronoun | a word that stands for a noun | They told us about it. | It must be clear which noun it stands for
a preposition | a word that shows place, time or another relation | The keys are under the book. | Use on with days, in with months and at with times of the clock
a conjunction | a word that joins words or clauses | I called, but nobody answered. | Before but and so that join two full clauses, put a comma
the definite article | the word the, for something already known | Close the door, please. | Do not use it for things in general, as in "Dogs are loyal"
the indefinite article | a or an, for one thing that is not yet known | She bought an umbrella. | Choose an by sound, as in an hour but a university
the present perfect | a tense that ties the past to now | I have lost my key. | Do not use it with a finished time such as yesterday
the past perfect | a tense for what happened before another past event | The train had left when we arrived. | Form it with had and the past participle
the present continuous | a form for what is happening right now | They are painting the fence. | Verbs of state such as know do not take it
the passive voice | a form in which the subject undergoes the action | The bridge was built in 1890. | Form it with to be and the past participle
the subjunctive | a form for wishes and things that are not so | If I were you, I would wait. | After if for unreal things, formal English uses were for all persons
a gerund | an ing form used as a noun | Swimming keeps her fit. | After enjoy, avoid and finish, use a gerund and no infinitive
an infinitive | the basic form of a verb, mostly with to | He wants to leave. | After can, must and should it has no to
a modal verb | a verb such as can, may or must that shows possibility or duty | You should see a doctor. | It never takes an s or to
a relative clause | a clause that tells more about a noun | The woman who lives next door is a pilot. | No commas when the clause is needed to know who is meant
a conditional sentence | a sentence with a condition and its result | If it rains, we will stay at home. | Do not put will into the part with if
reported speech | telling what somebody said without quoting | She said that she was tired. | After a verb in the past, the tense moves one step back
a phrasal verb | a verb with a small word that changes its meaning | Please turn down the radio. | A pronoun goes in the middle: turn it down
the comparative | the form that compares two things | This route is shorter. | Short adjectives take er, long ones more
the superlative | the form for the highest degree | It is the oldest house in town. | It mostly takes the
a countable noun | a noun that has a plural | We need three chairs. | Use many and few with it, and not much and little
an apostrophe for possession | a mark that shows who owns something | My sister's car is blue. | After a plural that ends in s, it stands alone: the players' room
a semicolon | a mark that joins two related main clauses | It was late; the shops were closed. | What stands on each side must be a full sentence
an Oxford comma | the comma before the last and of a list | We invited my parents, Ada, and Alan. | It is optional, but be consistent
a dangling participle | a participle that seems to belong to the wrong subject | Walking home, the rain began. | Name the one who acts right after it: Walking home, I felt the rain begin
""",
)

PAIRS = Table(
    columns=("one", "other", "difference", "first_example", "second_example"),
    asks=(
        Ask(
            (
                "What is the difference between {one} and {other}?",
                "When do I write {one} and when {other}?",
            ),
            ("What was the difference again?",),
            ("{difference}.",),
        ),
        Ask(
            ('How do I use "{one}" in a sentence?', 'Give me a sentence with the word "{one}".'),
            ('And a sentence with "{one}"?',),
            ('"{first_example}"',),
        ),
        Ask(
            (
                'How do I use "{other}" in a sentence?',
                'Give me a sentence with the word "{other}".',
            ),
            ('And a sentence with "{other}"?',),
            ('"{second_example}"',),
        ),
    ),
    rows="""
affect | effect | Affect is mostly a verb, effect mostly a noun | Noise affects my sleep. | The effect of noise is poor sleep.
its | it's | Its shows possession, it's is short for it is or it has | The dog wagged its tail. | It's cold outside.
their | there | Their shows possession, there means a place | Their house is old. | There is a house.
then | than | Then is about time, than compares | First we eat, then we talk. | She is taller than I am.
lose | loose | Lose is a verb, loose means not tight | Do not lose the ticket. | The screw is loose.
advice | advise | Advice is the noun, advise the verb | That was good advice. | I advise you to wait.
borrow | lend | You borrow from somebody and lend to somebody | May I borrow your pen? | I can lend you a pen.
fewer | less | Fewer goes with things you count, less with amounts | Fewer cars came today. | There was less traffic.
lay | lie | Lay needs an object, lie does not | Lay the book on the table. | I lie on the sofa.
principal | principle | A principal is a head or a main thing, a principle is a rule | The principal opened the school. | It is a matter of principle.
stationary | stationery | Stationary means not moving, stationery is paper and envelopes | The bus was stationary. | We ordered new stationery.
complement | compliment | A complement completes, a compliment praises | The wine is a fine complement to the fish. | Thank you for the compliment.
discreet | discrete | Discreet means tactful, discrete means separate | He was discreet about her salary. | The signal has discrete levels.
ensure | insure | Ensure means to make certain, insure is about insurance | Please ensure that the door is locked. | We insure the house against fire.
farther | further | Farther is about distance, further about degree | The lake is farther than I thought. | We need further talks.
hear | listen | To hear happens by itself, to listen is done on purpose | I hear a noise. | Listen to the rain.
say | tell | You say something and tell somebody something | She said yes. | She told me the truth.
make | do | Make is about results, do about activities | He makes coffee. | He does the dishes.
rise | raise | Rise has no object, raise has one | Prices rise. | The shop raises prices.
remember | remind | You remember by yourself, and others remind you | I remember the day. | Please remind me of the appointment.
historic | historical | Historic means important in history, historical means of history | It was a historic victory. | She writes historical novels.
economic | economical | Economic is about the economy, economical means sparing | The economic situation is good. | This car is economical.
desert | dessert | A desert is dry land, a dessert is a sweet dish | Camels cross the desert. | We had ice cream for dessert.
quiet | quite | Quiet means silent, quite means fairly or fully | The library is quiet. | The film was quite good.
who's | whose | Who's is short for who is or who has, whose asks for the owner | Who's at the door? | Whose coat is this?
""",
)

TABLES = (GRAMMAR, PAIRS)
