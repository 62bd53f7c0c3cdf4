"""Cooking: techniques and dishes."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

TECHNIQUES = Table(
    columns=("technique", "meaning", "good_for", "tip"),
    asks=(
        Ask(
            (
                "What does {technique} mean in cooking?",
                "How do you explain {technique} to a beginner?",
            ),
            ("What exactly is {technique}?",),
            ("{technique} means {meaning}.",),
        ),
        Ask(
            ("Which foods is {technique} good for?", "When should I choose {technique}?"),
            ("What is it good for?", "Which foods suit it?"),
            ("It suits {good_for}.", "Choose it for {good_for}."),
        ),
        Ask(
            ("What is the most useful tip for {technique}?", "How do I get {technique} right?"),
            ("Any tip?", "What goes wrong most often?"),
            ("{tip}.",),
        ),
    ),
    rows="""
blanching | boiling food briefly and cooling it at once in ice water | green beans, broccoli and tomatoes to be peeled | Use plenty of salted water, so that it keeps boiling when the food goes in
braising | browning food and then cooking it slowly, half covered with liquid, under a lid | tough cuts such as beef shin, and cabbage | Keep the liquid just below a simmer, since hard boiling makes the meat dry
poaching | cooking in liquid between 70 and 85 degrees, without bubbles | eggs, fish and pears | Look for a shimmering surface and turn the heat down as soon as bubbles rise
searing | browning the surface quickly on high heat | steaks, scallops and the start of a stew | Dry the surface first, because water must boil away before anything browns
deglazing | loosening the browned bits of a pan with a splash of liquid | pan sauces after frying meat or mushrooms | Pour off the burnt fat first, then add the liquid and scrape
sautéing | frying small pieces in little fat while moving them | diced vegetables and thin slices of meat | Do not crowd the pan, or the food steams in its own water
roasting | cooking with dry heat in the oven, uncovered | root vegetables, chicken and nuts | Leave room between the pieces so that the steam can leave
steaming | cooking in the vapour above boiling water | dumplings, fish and asparagus | Keep the food above the water and the lid closed
simmering | cooking in liquid just below boiling, with a few small bubbles | soups, stocks and sauces | If the bubbles break the surface everywhere, it is too hot
proofing | letting yeast dough rise before it is baked | bread, buns and pizza | Press a finger in: when the dent springs back slowly, it is ready
kneading | working dough so that its gluten forms an elastic net | bread and noodle dough | Stretch a piece thin: if light shines through before it tears, you are done
folding | mixing something airy into something heavy with few, wide strokes | mousse and sponge batter | Stir in a third first to loosen the mass, then fold in the rest
tempering chocolate | melting and cooling chocolate so that stable crystals form | glossy coatings that break with a snap | Cool dark chocolate to about 28 degrees and warm it again to 31 or 32
emulsifying | binding fat and water in fine drops | mayonnaise and vinaigrette | Add the oil drop by drop at first, or the emulsion breaks
caramelising | heating sugar until it browns and tastes of caramel | onions, flan and sauces | Use a light pan, since you must see the colour change
reducing | boiling a liquid down so that it thickens and gains taste | stocks, wine and balsamic vinegar | Salt only at the end, because salt does not boil away
marinating | letting food lie in a seasoned, often sour liquid before cooking | chicken, tofu and lamb | Acid works on the surface only, so an hour is enough for small pieces
resting meat | letting meat stand after cooking so that its juices spread | roasts and steaks | Plan about five minutes for a steak and twenty for a roast
brining | soaking food in salt water before cooking | turkey, pork chops and feta | About sixty grams of salt to a litre, and rinse before cooking
stir-frying | frying small pieces very hot while stirring all the time | vegetables, noodles and strips of meat | Cut everything before you start, as the cooking takes only minutes
pickling | keeping food in vinegar or in brine that ferments | cucumbers, radishes and cabbage | Keep everything below the liquid, because mould needs air
smoking | flavouring and drying food with smoke | salmon, bacon and cheese | Use hardwood such as beech; resin from softwood tastes bitter
""",
)

DISHES = Table(
    columns=("dish", "origin", "main", "step"),
    asks=(
        Ask(
            ("Where does {dish} come from?", "Which cuisine is {dish} part of?"),
            ("Where is it from?", "Which country is it from?"),
            ("{dish} comes from {origin}.",),
        ),
        Ask(
            ("What is {dish} made of?", "What do I need to buy for {dish}?"),
            ("What goes into it?", "Which ingredients does it need?"),
            ("The main ingredients are {main}.", "You need {main}."),
        ),
        Ask(
            ("What is the key step when cooking {dish}?", "How do I make {dish} turn out well?"),
            ("What is the key step?", "How do I get it right?"),
            ("{step}.",),
        ),
    ),
    rows="""
risotto | northern Italy | short-grain rice, broth, butter and Parmesan | Add hot broth ladle by ladle and stir, so that the rice gives off its starch
paella | Valencia in Spain | rice, saffron, olive oil and rabbit, chicken or seafood | Do not stir once the broth is in, so that a crust forms at the bottom
ratatouille | Provence in France | aubergine, courgette, peppers, tomatoes and onions | Fry each vegetable by itself before they stew together
goulash | Hungary | beef, onions and paprika | Take the pot off the heat when the paprika goes in, because it burns and turns bitter
borscht | Ukraine | beetroot, cabbage, potatoes and sour cream | A little vinegar keeps the beetroot red
pierogi | Poland | flour dough filled with potato and curd cheese, meat or fruit | Press the edges firmly and boil them until they float
ceviche | the coast of Peru | raw fish, lime juice, onion and chilli | Use very fresh fish and leave it in the juice for only about ten minutes
hummus | the Levant | chickpeas, tahini, lemon juice and garlic | Cook the chickpeas until they fall apart, then blend them while warm
falafel | Egypt, where it is made of broad beans | soaked chickpeas or broad beans, parsley and cumin | Soak the pulses but do not cook them, or the balls fall apart
shakshuka | North Africa | eggs, tomatoes, peppers and cumin | Make hollows in the thick sauce and let the eggs set in them under a lid
tagine | Morocco | lamb or chicken, dried fruit and spices | Cook it slowly in the covered clay pot with very little water
injera | Ethiopia | teff flour and water | Let the batter ferment for two or three days before baking it on one side
biryani | South Asia | basmati rice, spiced meat or vegetables and saffron | Layer half-cooked rice over the meat and let it finish in steam
dal | India | lentils, turmeric, cumin and ghee | Fry the spices in hot ghee and pour them over the cooked lentils at the end
pad thai | Thailand | rice noodles, tamarind, fish sauce, egg and peanuts | Soak the noodles only until they bend, since they finish in the pan
pho | Vietnam | rice noodles, beef broth, star anise and herbs | Char ginger and onion before they go into the broth
ramen | Japan, after Chinese noodles | wheat noodles, broth, soy or miso and toppings | Warm the bowls and bring everything together at the last moment
kimchi | Korea | Chinese cabbage, chilli flakes, garlic and ginger | Salt the cabbage for some hours and rinse it before adding the paste
mapo tofu | Sichuan in China | soft tofu, minced meat, bean paste and Sichuan pepper | Warm the tofu in salted water first so that it does not break
sushi rice | Japan | short-grain rice, rice vinegar, sugar and salt | Fold the vinegar in while the rice is hot and fan it
moussaka | Greece and the Balkans | aubergine, minced lamb and white sauce | Salt and fry the aubergine slices first, so that they do not water the sauce
tortilla española | Spain | eggs, potatoes and olive oil | Cook the potatoes gently in much oil and let them rest in the egg before frying
bouillabaisse | Marseille in France | several kinds of fish, fennel, saffron and tomatoes | Boil the broth hard so that oil and water bind
fondue | Switzerland | Gruyère, Vacherin, white wine and garlic | Stir in a figure of eight and keep it just below boiling
feijoada | Brazil | black beans, pork and orange slices | Soak the beans overnight and let the stew rest before serving
guacamole | Mexico | avocado, lime, onion and coriander | Mash it with a fork just before eating, since it browns in air
arepas | Venezuela and Colombia | precooked maize flour, water and salt | Let the dough rest for five minutes before shaping it
gumbo | Louisiana | roux, okra, peppers, celery and sausage or shrimp | Stir the roux until it is brown like chocolate, without burning it
""",
)

TABLES = (TECHNIQUES, DISHES)
