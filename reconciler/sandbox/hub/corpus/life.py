"""Money and health habits: general knowledge, not advice for one person."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

MONEY = Table(
    columns=("term", "meaning", "example", "care"),
    asks=(
        Ask(
            ("What is {term}?", "Can you explain {term} in plain words?"),
            ("What does {term} mean again?",),
            ("It is {meaning}.", "Put simply, {term} is {meaning}."),
        ),
        Ask(
            (
                "Give me an example of {term}.",
                "What does {term} look like in numbers or in practice?",
            ),
            ("Can you give an example?",),
            ("For example, {example}.",),
        ),
        Ask(
            ("What should I watch out for with {term}?", "What do people get wrong about {term}?"),
            ("What should I watch out for?",),
            ("{care}.",),
        ),
    ),
    rows="""
compound interest | interest that is paid on earlier interest as well as on the first sum | 1,000 at 5 percent a year grows to about 1,629 in ten years | It works against you in just the same way when you owe money
simple interest | interest on the first sum only | 1,000 at 5 percent a year gives 50 each year, so 1,500 after ten years | Compare it with compound offers only after working out both totals
inflation | the general rise of prices, which lowers what money buys | at 3 percent a year, prices double in about 24 years | Savings that earn less than inflation lose value even as the number grows
the rule of 72 | a quick way to estimate doubling time: divide 72 by the yearly percentage | at 6 percent, money doubles in about 12 years | It is an approximation that is best between 4 and 12 percent
a budget | a plan that says where your income shall go | half for needs, thirty percent for wishes and twenty for saving | A plan that leaves no room for surprises is given up in a month
an emergency fund | cash set aside for unplanned costs | three months of rent, food and insurance in a savings account | Keep it where you can reach it within a day, not in shares
a share | a part of the ownership of a company | owning 100 of a million shares means owning 0.01 percent | Its price may fall to zero, so never rest everything on one company
a bond | a loan to a state or company that pays interest and is paid back at a fixed date | a five-year bond of 1,000 at 3 percent pays 30 a year | When interest rates rise, the price of older bonds falls
diversification | spreading money over things that do not fall at the same time | a fund with 1,500 companies in 23 countries | Ten companies of one industry are not diversified
an index fund | a fund that simply holds what an index lists | a fund on the MSCI World holds about 1,400 companies | Look at the yearly cost, since a single percent eats a large part over decades
liquidity | how fast something can be turned into money without loss | a savings account is liquid, a house is not | People with wealth can still run out of cash
net worth | what you own minus what you owe | a flat worth 200,000 with a loan of 150,000 counts 50,000 | A high income says little about it
a mortgage | a loan that is secured by a house or a flat | 250,000 over 25 years with monthly payments | Most of the early payments are interest, which repayments in advance change
amortisation | paying a debt back in parts over time | a payment of 1,000 may be 600 interest and 400 repayment in the first year | Ask for the plan, which shows how much debt is left after each year
a credit score | a number with which lenders estimate whether you pay back | late payments lower it, long punctual ones raise it | Check the data behind it, for errors happen
an annuity | a series of equal payments at regular times | 500 a month for twenty years | Ask whether the payments follow inflation
a deductible | the part of a damage that you pay before the insurance does | with a deductible of 300, a damage of 1,000 brings you 700 | A higher one lowers the premium, but you must have the money at hand
liability insurance | insurance for damage that you do to others | your bicycle scratches a car and the insurer pays | Look at the maximum sum, since injuries cost far more than things
depreciation | the loss of value of a thing through time and use | a new car may lose a fifth of its value in the first year | It is a cost even though no money leaves your account
cash flow | the money that comes in and goes out in a period | a shop sells much on credit and still cannot pay its rent | Profit and cash are different things
a fixed cost | a cost that does not change with what you make or use | the rent of a bakery | Small subscriptions are fixed costs too and add up
a variable cost | a cost that grows with the amount made | flour in a bakery | It sets the lowest price at which selling more still helps
opportunity cost | what you give up by choosing one thing over another | keeping 10,000 in a current account gives up the interest | It appears on no bill, so it is easily forgotten
the exchange rate | the price of one currency in another | at 1.10 dollars for a euro, 100 euros are 110 dollars | Card companies often add a fee on top of the rate
gross and net pay | pay before, and pay after taxes and contributions | 3,000 gross may be about 2,100 net in Germany | Compare job offers by the same of the two
""",
)

HABITS = Table(
    columns=("habit", "why", "how", "start"),
    asks=(
        Ask(
            ("Why is {habit} good for you?", "What is the benefit of {habit}?"),
            ("Why does it help?",),
            ("{why}.",),
        ),
        Ask(
            (
                "How do I go about {habit} in daily life?",
                "What does {habit} look like in practice?",
            ),
            ("How do I do that in practice?",),
            ("{how}.",),
        ),
        Ask(
            ("How can I start with {habit}?", "What is a small first step towards {habit}?"),
            ("What would be a small first step?",),
            ("{start}. If you have a medical condition, ask a doctor first.", "{start}."),
        ),
    ),
    rows="""
brisk walking | It strengthens heart and circulation and lifts the mood | Aim at 150 minutes a week at a pace at which you can talk but not sing | Get off the bus one stop early
strength training | It keeps muscles and bones strong, which matters more with each decade | Train all large muscle groups on two days a week | Begin with ten squats and ten push-ups against a wall
sleeping at regular hours | A steady rhythm makes it easier to fall asleep and to wake rested | Go to bed and get up within the same half hour, also at weekends | Fix the time you get up first
avoiding screens before bed | Bright light and exciting content delay sleep | Put the phone away an hour before going to bed | Charge the phone outside the bedroom
drinking enough water | Too little causes headache and tiredness | Drink when thirsty, about one and a half litres a day and more in heat | Put a glass of water beside your desk
eating more vegetables | They bring fibre, vitamins and few calories | Fill half of the plate with vegetables and fruit | Add one vegetable to the meal you already like
eating more fibre | It feeds gut bacteria and keeps blood sugar steadier | About 30 grams a day from whole grain, pulses and vegetables | Swap white bread for wholemeal
eating less salt | It lowers blood pressure in many people | Stay near five grams a day and read labels, for most salt is in ready food | Taste before you salt
washing hands | It stops many infections from spreading | Twenty seconds with soap, also between the fingers, before eating and after the toilet | Tie it to coming home
brushing your teeth | It removes the plaque that causes caries | Twice a day for two minutes with fluoride toothpaste | Set a timer for two minutes
cleaning between the teeth | A brush does not reach a third of the tooth surface | Once a day with floss or small brushes | Begin with two teeth after brushing in the evening
using sunscreen | Ultraviolet light ages skin and causes skin cancer | Factor 30 or more, plenty of it, and again after two hours or swimming | Keep a tube beside the door
taking breaks from sitting | Long sitting harms circulation and the back | Stand up for two minutes every half hour | Take phone calls standing
resting your eyes | Staring at near things tires the eye muscles and dries the eyes | Every 20 minutes look for 20 seconds at something 6 metres away | Place your desk beside a window
stretching | It keeps joints mobile | Hold each stretch for 20 to 30 seconds, warm and without pain | Stretch your calves while the kettle boils
meditating | Practice lowers felt stress for many people | Ten minutes a day, watching the breath and returning to it | Begin with ten breaths after waking
keeping a gratitude journal | It draws attention to what goes well | Write down three things in the evening | Write a single line tonight
meeting friends | Loneliness harms health about as much as known physical risks do | Make a fixed time, such as lunch every Thursday | Call one friend this week
eating slowly | The feeling of fullness needs about twenty minutes | Put the fork down between bites | Eat one meal a day without a screen
limiting alcohol | Every amount raises the risk of several cancers | Keep alcohol-free days and small glasses | Choose three days a week without any
lifting with the legs | It spares the discs of the lower back | Stand close, bend the knees, keep the load near the body | Practise with an empty box
checking blood pressure | High pressure is harmful and has no symptoms | Measure sitting, after five minutes of rest, at the same time of day | Ask for a measurement in a pharmacy
""",
)

TABLES = (MONEY, HABITS)
