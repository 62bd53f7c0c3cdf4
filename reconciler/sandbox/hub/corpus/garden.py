"""Gardening, for a temperate climate of the northern half of the Earth."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

VEGETABLES = Table(
    columns=("plant", "sow", "place", "harvest", "neighbour", "tip"),
    asks=(
        Ask(
            ("When should I sow {plant}?", "What is the right time to plant {plant}?"),
            ("When does it go into the ground?",),
            ("In a temperate climate: {sow}.", "{sow}."),
        ),
        Ask(
            (
                "What place in the garden suits {plant}?",
                "How much sun and what soil does {plant} need?",
            ),
            ("Which place does it like?", "And where in the garden?"),
            ("Give it {place}.",),
        ),
        Ask(
            ("When can I harvest {plant}?", "How do I know that {plant} is ready to pick?"),
            ("When is it ready?",),
            ("{harvest}.",),
        ),
        Ask(
            ("What grows well next to {plant}?", "Which neighbours are good for {plant}?"),
            ("What may grow next to it?",),
            ("A good neighbour for {plant} is {neighbour}.",),
        ),
        Ask(
            ("Do you have a tip for growing {plant}?", "What mistake should I avoid with {plant}?"),
            ("Any tip?",),
            ("{tip}.",),
        ),
    ),
    rows="""
tomatoes | sow indoors in March and plant out after the last frost in May | full sun, shelter from rain and rich soil | From July on, when the fruit is fully coloured and gives a little | basil | Water the soil and not the leaves, since wet leaves invite blight
carrots | sow outdoors from March to June | sun and deep, loose soil without fresh manure | After about three months, when the shoulders show above the soil | onion, whose smell confuses the carrot fly | Sow them where they shall stay, because they do not like to be moved
potatoes | plant sprouted tubers in April | sun and loose soil that is heaped up | When the leaves turn yellow, two to three weeks before you lift them | broad beans | Heap up soil around the stems, as tubers in the light turn green and poisonous
lettuce | sow from March to August, every three weeks | sun or half shade and moist soil | After six to eight weeks, in the morning, when it is crisp | radishes | It germinates badly above 20 degrees, so sow in the evening in summer
radishes | sow from March to September | sun and evenly moist soil | After four to six weeks, before they turn woody | lettuce | Thin them to three centimetres, or you get leaves and no roots
peas | sow from March to May | sun, light soil and a trellis | When the pods are full but still bright green | carrots | Do not manure them, since they take nitrogen from the air
runner beans | sow outdoors from the middle of May | sun, shelter and tall poles | When the pods are long and the seeds do not bulge yet | savory | Pick often, because a plant with ripe seeds stops flowering
courgettes | sow indoors in April or outdoors from the middle of May | full sun, much room and compost | When they are about 20 centimetres long | nasturtium | Two plants are enough for a family
pumpkins | sow indoors in April and plant out at the end of May | full sun and very rich soil, best beside the compost heap | When the stalk is dry and corky and the skin sounds hollow | maize | Cut them with a piece of stalk, or they rot in store
cucumbers | sow indoors in April and plant out at the end of May | warmth, shelter and humus | When they are firm and evenly green, every two or three days | dill | Water with warm water, because cold water makes them bitter
onions | plant sets in March or April | sun and soil without fresh manure | When half of the leaves have fallen over | carrots | Stop watering when the leaves begin to fall
garlic | plant cloves in October | full sun and drained soil | In July, when the lower third of the leaves is yellow | strawberries | Plant the cloves with the tip up, five centimetres deep
leeks | sow in March and plant out in June | sun and deep, rich soil | From September through the winter | celery | Plant them in deep holes to get long white stems
spinach | sow in March and April, or again in August | sun or half shade | After six to eight weeks, leaf by leaf | strawberries | Do not sow it in high summer, for long days make it flower
beetroot | sow from April to June | sun or half shade and loose soil | When the roots are as big as a tennis ball | dwarf beans | Twist the leaves off by hand, because a cut root bleeds
kale | sow in May and plant out in June or July | sun and heavy, rich soil | From October on, from the bottom leaves upwards | beetroot | Cold makes it sweeter, so wait for frost
broccoli | sow indoors in March and plant out in May | sun and rich, limy soil | While the buds are closed and dark green | celery | Leave the plant after cutting the head, as side shoots follow
sweetcorn | sow outdoors from May | full sun, in a block and not in one row | When the silk is brown and a pricked kernel gives milk | runner beans | The wind pollinates it, so a single row stays half empty
strawberries | plant in August | full sun and slightly acid soil | In June, when the berries are red all round | garlic | Lay straw under the fruit to keep it clean and dry
basil | sow indoors from April | a warm, sunny place out of the wind | As soon as it has three pairs of leaves, always above a pair | tomatoes | Pinch out the tips, since it stops growing leaves once it flowers
parsley | sow from March to July | half shade and humus | Leaf by leaf from the outside, after about ten weeks | tomatoes | It needs up to four weeks to germinate, so mark the row
chives | sow in March or divide a clump | sun or half shade | Whenever the stalks are 15 centimetres long | carrots | Divide the clump every three years
rhubarb | plant a crown in autumn | sun or half shade, rich soil and a square metre | From April to the end of June, from the second year on | spinach | Twist the stalks out; cut stumps rot
asparagus | plant crowns in April | full sun and sandy soil | From the third year on, from April to 24 June | strawberries | Let the ferns grow after the harvest, for they feed next year's spears
chard | sow from April to June | sun or half shade | After eight weeks, the outer leaves first | carrots | It survives mild winters and sprouts again in spring
""",
)

TABLES = (VEGETABLES,)
