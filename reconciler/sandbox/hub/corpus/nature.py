"""Chemical elements, physics, the sky, and animals."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

ELEMENTS = Table(
    columns=("element", "symbol", "number", "state", "use"),
    asks=(
        Ask(
            ("What is the chemical symbol of {element}?", "How do chemists abbreviate {element}?"),
            ("What is its symbol?",),
            ("The symbol of {element} is {symbol}.",),
        ),
        Ask(
            (
                "What is the atomic number of {element}?",
                "How many protons has an atom of {element}?",
            ),
            ("And how many protons does it have?",),
            ("{element} has the atomic number {number}, so its nucleus holds {number} protons.",),
        ),
        Ask(
            (
                "Is {element} a solid, a liquid or a gas?",
                "In which state is {element} at room temperature?",
            ),
            ("Is it solid, liquid or a gas?",),
            ("At room temperature {element} is {state}.",),
        ),
        Ask(
            (
                "What is {element} used for?",
                "Where do we meet {element} in daily life or industry?",
            ),
            ("What do people use it for?",),
            ("{element} is used for {use}.",),
        ),
    ),
    rows="""
hydrogen | H | 1 | a gas | making ammonia and as a fuel
helium | He | 2 | a gas | cooling the magnets of MRI scanners
lithium | Li | 3 | a soft metal | rechargeable batteries
carbon | C | 6 | a solid | steel, pencils in the form of graphite, and diamonds for cutting
nitrogen | N | 7 | a gas | fertiliser and, when liquid, for freezing
oxygen | O | 8 | a gas | breathing apparatus and steelmaking
fluorine | F | 9 | a pale yellow gas | Teflon and the fluoride of toothpaste
neon | Ne | 10 | a gas | glowing red signs
sodium | Na | 11 | a soft metal | table salt, as a compound, and yellow street lamps
magnesium | Mg | 12 | a light metal | light alloys and flares
aluminium | Al | 13 | a light metal | cans, window frames and aircraft
silicon | Si | 14 | a grey solid | computer chips and solar cells
phosphorus | P | 15 | a solid | fertiliser and the striking surface of matchboxes
sulfur | S | 16 | a yellow solid | sulfuric acid and the vulcanising of rubber
chlorine | Cl | 17 | a green gas | making water safe and PVC
argon | Ar | 18 | a gas | shielding welds from air
potassium | K | 19 | a soft metal | fertiliser, as a salt
calcium | Ca | 20 | a metal | cement and, in compounds, bones and teeth
titanium | Ti | 22 | a strong, light metal | implants, aircraft and white paint
chromium | Cr | 24 | a hard metal | stainless steel and shiny plating
iron | Fe | 26 | a metal | steel
cobalt | Co | 27 | a metal | batteries, magnets and blue glass
nickel | Ni | 28 | a metal | stainless steel and coins
copper | Cu | 29 | a reddish metal | electric wires and pipes
zinc | Zn | 30 | a metal | protecting steel from rust
arsenic | As | 33 | a grey solid | gallium arsenide chips
bromine | Br | 35 | a liquid | flame retardants
silver | Ag | 47 | a metal | mirrors, contacts and jewellery
tin | Sn | 50 | a soft metal | solder and coating food cans
iodine | I | 53 | a dark solid | disinfectants and iodised salt
tungsten | W | 74 | a metal with the highest melting point of all metals | filaments and cutting tools
platinum | Pt | 78 | a metal | catalytic converters
gold | Au | 79 | a yellow metal | jewellery and contacts that do not corrode
mercury | Hg | 80 | a liquid metal | old thermometers and fluorescent lamps
lead | Pb | 82 | a soft, heavy metal | car batteries and shielding from radiation
uranium | U | 92 | a heavy metal | fuel of nuclear power stations
""",
)

PHYSICS = Table(
    columns=("term", "meaning", "unit", "example"),
    asks=(
        Ask(
            ("What is {term} in physics?", "How would you define {term}?"),
            ("What does {term} mean?",),
            ("{term} is {meaning}.",),
        ),
        Ask(
            ("In which unit is {term} measured?", "What is the SI unit of {term}?"),
            ("Which unit does it have?",),
            ("{term} is measured in {unit}.",),
        ),
        Ask(
            (
                "Can you illustrate {term} with an example?",
                "Where do I notice {term} in everyday life?",
            ),
            ("Can you give an example?",),
            ("{example}.",),
        ),
    ),
    rows="""
velocity | the change of position with time, with its direction | metres per second | A train that does 180 kilometres an hour northwards covers 50 metres each second
acceleration | the change of velocity with time | metres per second squared | A falling stone gains about 9.8 metres per second each second
force | whatever changes the motion of a body | newtons | Holding up an apple of 100 grams takes about one newton
mass | the resistance of a body to being accelerated | kilograms | On the Moon your mass stays the same although the scales show a sixth
weight | the force with which gravity pulls a body | newtons | A person of 70 kilograms weighs about 690 newtons on Earth
momentum | mass times velocity | kilogram metres per second | A skater who throws a ball forwards rolls backwards
energy | the ability to do work | joules | A bar of chocolate holds about two million joules
work | force times the distance along which it acts | joules | Lifting a kilogram by one metre takes about 9.8 joules
power | energy per time | watts | A kettle of 2,000 watts turns 2,000 joules into heat each second
pressure | force per area | pascals | A sharp knife cuts because the same force acts on a tiny area
density | mass per volume | kilograms per cubic metre | Oil floats on water because its density is lower
torque | force times the length of the lever | newton metres | A longer spanner loosens a nut more easily
frequency | the number of repetitions per time | hertz | The tone A above middle C swings 440 times a second
wavelength | the distance from one crest of a wave to the next | metres | Green light has a wavelength of about 530 billionths of a metre
temperature | a measure of the mean energy of the motion of particles | kelvins | Absolute zero lies at minus 273.15 degrees Celsius
heat | energy that flows because of a difference of temperature | joules | A spoon in hot tea becomes warm
electric current | the flow of charge per time | amperes | A phone charger delivers about two amperes
voltage | the energy per charge between two points | volts | A fresh alkaline cell has 1.5 volts
electrical resistance | voltage divided by the current it drives | ohms | A thin wire has more of it than a thick one of the same length
electric charge | the property of particles that makes them feel electric forces | coulombs | Rubbing a balloon on hair moves charge, so that both attract
capacitance | the charge that is stored per voltage | farads | The flash of a camera takes its energy from a capacitor
magnetic flux density | the strength of a magnetic field | teslas | A hospital MRI scanner works with 1.5 or 3 of them
radioactivity | the decay of unstable nuclei with the emission of radiation | becquerels | A banana shows about 15 decays a second because of its potassium
half-life | the time after which half of a radioactive sample has decayed | seconds, or any unit of time | Carbon-14 needs about 5,730 years, which dates old wood
luminous intensity | the brightness of a source in one direction | candelas | A household candle has about one
amount of substance | the number of particles, counted in a large fixed number | moles | 18 grams of water are about one
angular velocity | the angle turned per time | radians per second | The minute hand of a clock turns once an hour, all points of it alike
specific heat capacity | the heat that warms a kilogram by one kelvin | joules per kilogram and kelvin | Water has a high one, so coasts have mild winters
""",
)

SKY = Table(
    columns=("body", "kind", "fact", "see"),
    asks=(
        Ask(
            ("What kind of object is {body}?", "Is {body} a star, a planet or something else?"),
            ("What kind of object is it?",),
            ("{body} is {kind}.",),
        ),
        Ask(
            ("Tell me a surprising fact about {body}.", "What is remarkable about {body}?"),
            ("Do you know a surprising fact about it?",),
            ("{fact}.",),
        ),
        Ask(
            ("How can I see {body}?", "Where do I find {body} in the sky?"),
            ("Can I see it myself?",),
            ("{see}.",),
        ),
    ),
    rows="""
Mercury the planet | the planet nearest to the Sun | A year there lasts 88 days, but from one sunrise to the next pass 176 days | Look low in the twilight, for it never strays far from the Sun
Venus | the second planet from the Sun | It is hotter than Mercury, about 465 degrees, because of its dense carbon dioxide | It is the bright evening or morning star
Mars | the fourth planet from the Sun | Its volcano Olympus Mons is about 22 kilometres high | It shines steadily in orange and is best every 26 months
Jupiter | the largest planet | It has more than twice the mass of all other planets together | Even binoculars show its four large moons
Saturn | a gas planet with bright rings | Its mean density is lower than that of water | A telescope with a magnification of 30 shows the rings
Uranus | an ice giant | Its axis lies almost in the plane of its path, so it rolls around the Sun | You need binoculars and a chart
Neptune | the outermost planet | It was found in 1846 where calculation had said it must be | Only a telescope shows it
Pluto | a dwarf planet | It was counted as a planet from 1930 to 2006 | You need a large telescope and a dark sky
the Moon | the only natural satellite of the Earth | It moves away by nearly four centimetres a year | Its craters are best seen along the line between light and dark, at half moon
the Sun | a star | Its light takes a little more than eight minutes to reach us | Never look at it without a proper filter
Sirius | the brightest star of the night sky | It has a companion, a white dwarf as large as the Earth | Follow Orion's belt down to the left on winter evenings
Polaris | a giant star near the celestial pole | It shows true north to within a degree | Extend the two rear stars of the Plough five times
Betelgeuse | a red supergiant | In the Sun's place it would reach beyond the path of Mars | It is the reddish shoulder of Orion
Vega | a bright white star | In about 12,000 years it will be near the celestial pole | It stands almost overhead on summer evenings
the Pleiades | an open star cluster | Most people see six or seven of its more than a thousand stars | Look in Taurus in autumn and winter
the Andromeda galaxy | a spiral galaxy | At about 2.5 million light years it is the most distant thing most people can see unaided | On a dark autumn night it is a faint patch in Andromeda
the Milky Way | the galaxy we live in | It holds somewhere between 100 and 400 billion stars | Go far from towns on a moonless summer night
the Orion Nebula | a cloud of gas in which stars form | It lights up because of hot young stars within it | It is the middle of the sword below Orion's belt
Halley's Comet | a comet with a period of about 76 years | Its dust makes the Orionid meteors every October | It comes back in 2061
the Perseids | a stream of meteors | They are grains of the comet Swift-Tuttle | Lie down facing north-east after midnight around 12 August
Io | a moon of Jupiter | It is the most volcanic body of the solar system | Binoculars show it as a point beside Jupiter
Europa | a moon of Jupiter | Below its ice lies an ocean with more water than all of the Earth's | Binoculars show it as a point beside Jupiter
Titan | the largest moon of Saturn | It has lakes and rivers of liquid methane | A small telescope shows it beside Saturn
the International Space Station | an inhabited satellite | It circles the Earth about sixteen times a day | It crosses the sky in a few minutes as a bright, steady light at dusk
""",
)

ANIMALS = Table(
    columns=("animal", "group", "food", "home", "fact"),
    asks=(
        Ask(
            (
                "What class of animal is the {animal}?",
                "Is the {animal} a mammal, a bird or something else?",
            ),
            ("What class of animal is that?",),
            ("The {animal} is {group}.",),
        ),
        Ask(
            ("What does the {animal} eat?", "What does a {animal} live on?"),
            ("What does it eat?",),
            ("The {animal} eats {food}.",),
        ),
        Ask(
            (
                "Where does the {animal} live?",
                "In which part of the world would I meet a wild {animal}?",
            ),
            ("Where does it live?",),
            ("The {animal} lives in {home}.",),
        ),
        Ask(
            (
                "Tell me something remarkable about the {animal}.",
                "What can the {animal} do that others cannot?",
            ),
            ("And what is remarkable about it?",),
            ("{fact}.",),
        ),
    ),
    rows="""
blue whale | a mammal | krill, up to four tonnes a day | all oceans | It is the largest animal that ever lived, at up to 30 metres
platypus | a mammal that lays eggs | worms, insect larvae and shrimp | rivers of eastern Australia | Its bill feels the electric fields of its prey
hedgehog | a mammal | beetles, caterpillars and worms | gardens and hedges of Europe | It lowers its body temperature to about five degrees in its winter sleep
honey bee | an insect | nectar and pollen | hives nearly everywhere people keep it | It dances to tell others the direction and distance of flowers
octopus | a mollusc | crabs and mussels | seas all over the world | It has three hearts and blue blood
emperor penguin | a bird | fish, squid and krill | the Antarctic | The father carries the egg on his feet for about two months without eating
swift | a bird | flying insects | Europe in summer and Africa in winter | It can stay in the air for ten months without landing
albatross | a bird | squid and fish | the southern oceans | It glides for hours without a beat of its wings, which span up to 3.5 metres
chameleon | a reptile | insects | Madagascar and Africa | Its eyes move independently of each other
Galápagos tortoise | a reptile | grass, leaves and cactus | the Galápagos Islands | It can live for more than 150 years
axolotl | an amphibian | worms and small fish | the canals of Xochimilco in Mexico | It grows lost legs again
fire salamander | an amphibian | snails, worms and spiders | damp woods of Europe | It bears living larvae instead of laying eggs
salmon | a fish | insects when young, then fish and shrimp | the sea, and rivers to spawn | It finds the stream in which it hatched by smell
sea horse | a fish | tiny shrimp | sea grass of warm seas | The male carries the eggs in a pouch
giraffe | a mammal | leaves, above all of acacias | the savannas of Africa | Its neck has seven vertebrae, as ours has
African elephant | a mammal | grass, bark and fruit | Africa south of the Sahara | It hears sounds too deep for us, over several kilometres
sloth | a mammal | leaves | the rainforests of Central and South America | It climbs down only about once a week
bat | a mammal | insects or fruit, by species | all continents but Antarctica | It is the only mammal that truly flies
wolf | a mammal | deer, boar and smaller prey | North America, Europe and Asia | A pack is mostly a pair with its young
beaver | a mammal | bark, twigs and water plants | rivers and lakes of the north | Its dams make wetlands in which many other species live
snow leopard | a mammal | wild sheep and ibex | the high mountains of Central Asia | It cannot roar
kiwi | a bird | worms and insects | New Zealand | Its egg has about a fifth of the mother's weight
garden spider | an arachnid | insects caught in its web | gardens of Europe and North America | It eats its web in the evening and spins a new one
earthworm | an annelid | dead leaves and soil | soil nearly everywhere | It breathes through its skin
monarch butterfly | an insect | milkweed as a caterpillar and nectar later | North America | It flies thousands of kilometres to winter in Mexico
""",
)

TABLES = (ELEMENTS, PHYSICS, SKY, ANIMALS)
