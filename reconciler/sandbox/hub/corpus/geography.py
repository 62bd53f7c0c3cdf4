"""Countries and rivers."""

from reconciler.sandbox.hub.corpus.table import Ask, Table

COUNTRIES = Table(
    columns=("country", "capital", "currency", "continent", "known"),
    asks=(
        Ask(
            ("What is the capital of {country}?", "Which city is the capital of {country}?"),
            ("What is its capital?", "And which city is the capital there?"),
            ("The capital of {country} is {capital}.", "It is {capital}."),
        ),
        Ask(
            (
                "Which currency is used in {country}?",
                "What money do I need for a trip to {country}?",
            ),
            ("Which currency do people pay with there?", "And what is the currency?"),
            (
                "In {country} you pay with the {currency}.",
                "The currency is the {currency}.",
            ),
        ),
        Ask(
            ("On which continent does {country} lie?", "Where in the world is {country}?"),
            ("Which continent is that on?",),
            ("{country} lies in {continent}; its capital is {capital}.",),
        ),
        Ask(
            ("What is {country} known for?", "Tell me one thing worth knowing about {country}."),
            ("Tell me something it is known for.", "What else is worth knowing about it?"),
            ("{country} is known for {known}.", "One thing: {country} is known for {known}."),
        ),
    ),
    rows="""
Peru | Lima | sol | South America | Machu Picchu, the Inca town above the Urubamba valley
Chile | Santiago | Chilean peso | South America | the Atacama, one of the driest deserts on Earth
Argentina | Buenos Aires | Argentine peso | South America | tango and the glaciers of Patagonia
Brazil | Brasília | real | South America | the largest part of the Amazon rainforest
Colombia | Bogotá | Colombian peso | South America | coffee grown on the slopes of the Andes
Ecuador | Quito | US dollar | South America | the Galápagos Islands, which Darwin visited in 1835
Bolivia | Sucre (the government sits in La Paz) | boliviano | South America | the Salar de Uyuni, the largest salt flat
Uruguay | Montevideo | Uruguayan peso | South America | hosting and winning the first football World Cup in 1930
Canada | Ottawa | Canadian dollar | North America | the longest coastline of any country
Mexico | Mexico City | Mexican peso | North America | the pyramids of Teotihuacan
Cuba | Havana | Cuban peso | North America | being the largest island of the Caribbean
Jamaica | Kingston | Jamaican dollar | North America | reggae, which grew there in the 1960s
Costa Rica | San José | colón | North America | having abolished its army in 1948
Guatemala | Guatemala City | quetzal | North America | the Maya city of Tikal
Norway | Oslo | Norwegian krone | Europe | its fjords, carved by glaciers
Sweden | Stockholm | Swedish krona | Europe | the Nobel Prizes, most of which are awarded in Stockholm
Denmark | Copenhagen | Danish krone | Europe | the toy bricks of Lego, made in Billund
Finland | Helsinki | euro | Europe | the sauna and some 188,000 lakes
Iceland | Reykjavík | Icelandic króna | Europe | the Althing, a parliament first held in 930
Ireland | Dublin | euro | Europe | the harp as its national emblem
Portugal | Lisbon | euro | Europe | the voyages of Vasco da Gama to India
Spain | Madrid | euro | Europe | the Alhambra in Granada
France | Paris | euro | Europe | the metric system, introduced in the 1790s
Germany | Berlin | euro | Europe | Gutenberg's printing press in Mainz
Austria | Vienna | euro | Europe | Mozart, who was born in Salzburg
Switzerland | Bern | Swiss franc | Europe | four national languages
Poland | Warsaw | złoty | Europe | Marie Curie and Copernicus, who were born there
Czechia | Prague | Czech koruna | Europe | Pilsner beer, first brewed in Plzeň in 1842
Hungary | Budapest | forint | Europe | the puzzle cube of Ernő Rubik
Romania | Bucharest | leu | Europe | the delta of the Danube
Greece | Athens | euro | Europe | the Parthenon and the first modern Olympic Games in 1896
Turkey | Ankara | Turkish lira | Europe and Asia | Istanbul, a city on two continents
Ukraine | Kyiv | hryvnia | Europe | black soil that makes it a great exporter of grain
Estonia | Tallinn | euro | Europe | voting over the internet in national elections since 2005
Egypt | Cairo | Egyptian pound | Africa | the pyramids of Giza
Morocco | Rabat | dirham | Africa | the old city of Fez with its tanneries
Kenya | Nairobi | Kenyan shilling | Africa | the Maasai Mara and its migrating wildebeest
Ethiopia | Addis Ababa | birr | Africa | being the home of wild coffee
Nigeria | Abuja | naira | Africa | the largest population of any African country
Ghana | Accra | cedi | Africa | becoming independent in 1957, early among the colonies south of the Sahara
Senegal | Dakar | West African CFA franc | Africa | the westernmost point of mainland Africa
South Africa | Pretoria (with Cape Town and Bloemfontein) | rand | Africa | having three capital cities
Madagascar | Antananarivo | ariary | Africa | lemurs, which live wild nowhere else
India | New Delhi | Indian rupee | Asia | the Taj Mahal in Agra
Nepal | Kathmandu | Nepalese rupee | Asia | the only national flag that is not a rectangle
Japan | Tokyo | yen | Asia | the Shinkansen, in service since 1964
South Korea | Seoul | won | Asia | Hangul, an alphabet designed in the fifteenth century
China | Beijing | renminbi | Asia | the Great Wall and the invention of paper
Mongolia | Ulaanbaatar | tögrög | Asia | being the most sparsely populated sovereign country
Vietnam | Hanoi | dong | Asia | the limestone islands of Ha Long Bay
Thailand | Bangkok | baht | Asia | never having been a European colony
Indonesia | Jakarta | rupiah | Asia | more than 17,000 islands
Philippines | Manila | Philippine peso | Asia | the rice terraces of Banaue
Sri Lanka | Sri Jayawardenepura Kotte | Sri Lankan rupee | Asia | Ceylon tea
Kazakhstan | Astana | tenge | Asia | the cosmodrome of Baikonur
Jordan | Amman | Jordanian dinar | Asia | Petra, a city cut into rose-coloured rock
Australia | Canberra | Australian dollar | Oceania | the Great Barrier Reef
New Zealand | Wellington | New Zealand dollar | Oceania | women's right to vote since 1893
Fiji | Suva | Fijian dollar | Oceania | rugby sevens, in which it won Olympic gold in 2016
""",
)

RIVERS = Table(
    columns=("river", "source", "mouth", "city", "note"),
    asks=(
        Ask(
            ("Where does the {river} rise?", "Where is the source of the {river}?"),
            ("Where does it rise?",),
            ("The {river} rises {source}.",),
        ),
        Ask(
            ("Into which water does the {river} flow?", "Where does the {river} end?"),
            ("And where does it end?", "Where does its water go?"),
            ("The {river} flows into {mouth}.", "It ends in {mouth}."),
        ),
        Ask(
            ("Name a large city on the {river}.", "Which big city lies on the {river}?"),
            ("Which large city lies on it?",),
            ("{city} lies on the {river}.",),
        ),
        Ask(
            ("Tell me something about the {river}.", "What is special about the {river}?"),
            ("What is special about that river?",),
            ("{note}.",),
        ),
    ),
    rows="""
Nile | in the highlands of East Africa and Ethiopia, as the White and the Blue Nile | the Mediterranean Sea | Cairo | The two Niles meet at Khartoum
Amazon | in the Andes of Peru | the Atlantic Ocean | Manaus | The Amazon carries more water than any other river
Danube | in the Black Forest in Germany | the Black Sea | Vienna | The Danube passes through or along ten countries, more than any other river
Rhine | in the Swiss Alps | the North Sea | Cologne | The Rhine's upper gorge with its castles is a World Heritage site
Mississippi | at Lake Itasca in Minnesota | the Gulf of Mexico | New Orleans | The Missouri, its tributary, is longer than the Mississippi itself
Ganges | at the Gangotri glacier in the Himalayas | the Bay of Bengal | Varanasi | Its delta, shared with the Brahmaputra, is the largest on Earth
Mekong | on the Tibetan Plateau | the South China Sea | Phnom Penh | The Tonlé Sap, joined to the Mekong, changes its direction of flow twice a year
Yangtze | on the Tibetan Plateau | the East China Sea | Wuhan | The Yangtze is the longest river that stays within one country
Volga | in the Valdai Hills north-west of Moscow | the Caspian Sea | Volgograd | The Volga is the longest river in Europe
Congo | in the highlands of Zambia and the East African lakes | the Atlantic Ocean | Kinshasa | The Congo crosses the equator twice and is the deepest river known
Thames | in the Cotswolds in Gloucestershire | the North Sea | London | The Thames Barrier has protected the city from storm tides since 1984
Seine | on the plateau of Langres in Burgundy | the English Channel | Paris | The Île de la Cité, an island in the Seine, is the oldest part of Paris
Po | at Monviso in the Alps | the Adriatic Sea | Turin | The Po is the longest river in Italy
Tagus | in the mountains of Albarracín in Spain | the Atlantic Ocean | Lisbon | The Tagus is the longest river of the Iberian Peninsula
Vistula | in the Beskids in southern Poland | the Baltic Sea | Warsaw | The Vistula is the longest river that flows into the Baltic
Murray | in the Australian Alps | the Southern Ocean | Albury | With the Darling it drains a seventh of Australia
Colorado | in the Rocky Mountains | the Gulf of California, when any water is left | Yuma | It cut the Grand Canyon
Zambezi | in north-western Zambia | the Indian Ocean | Livingstone | The Zambezi falls more than a hundred metres at Victoria Falls
""",
)

TABLES = (COUNTRIES, RIVERS)
