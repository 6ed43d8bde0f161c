"""What relevance knows: figures of speech, words with a second meaning, words of trade, and words of other worlds.

Written for this project, for all its markets at once; which words name a market stands in its configuration.
"""

from __future__ import annotations

from typing import Final

from engine.signals.sentiment.vocabulary import phrase_set, word_set

# A keyword inside one of these is no mention of the market. A final * stands for any ending of the word.
FIGURES_OF_SPEECH: Final = phrase_set("""
hog the, hogs the, hog all the, hogs all the, hog up, road hog*, whole hog, hog wild, hog-wild, hog heaven
high on the hog, harley hog, harley owners group, bed hog*, ball hog*, blanket hog*, screen hog, memory hog, data hog
energy hog*, attention hog*, spotlight hog, camera hog, hog roast, hog mollies, washington hogs, water hog, power hog*
bandwidth hog*, resource hog, space hog, hog island, hog rider*, hog rally, time hog, hog-tie*, hog tie*
pig in a poke, when pigs fly, pigs fly, pigs might fly, pigs can fly, flying pig*, guinea pig*, piggy bank, pig latin
peppa pig*, porky pig, miss piggy, lipstick on a pig, pig out, pigs out, pigs in blankets, pigs in a blanket
pig in a blanket, bay of pigs, three little pigs, little pigs, war pigs, angry pigs, capitalist pig*, chauvinist pig*
like a pig, like pigs, pig sty, pig iron, pig-headed, pig headed, pet pig*, pig pen, pig skin, pig lady
happy as a pig, babe the pig, hog* market share, hog* power, hog* bandwidth, pig nose, pig butcher*, pig-butcher*
toy pig*, pig race*, pig racing, pork pie*, cardboard cutout*, sow seed*, sow the, sow doubt*, sow chaos, sow discord
sow confusion, sow division, to sow, sow corn, sow wheat, sow crops, pig mask*, pig farmer the movie, pig heart
pig kidney*, pig organ*, pig-to-human, pig's heart, pig's kidney, pig the movie, fat pig, dirty pig, fascist pig*
pigs get slaughtered, hogs get slaughtered, pork barrel, pork-barrel, pork politics, political pork, pork spending
legislative pork, pork pie hat, pulled pork, pork-filled, congressional pork, budget pork, cut the pork
pearls before swine, jerk pork, pork roll, green bay packers, packers*fans, meat packers club, slaughter rule
slaughter beach, school slaughter, sgt slaughter, like lambs to the slaughter, lamb to the slaughter, karin slaughter
steer clear, steers clear, bum steer, steering committee, beef up, beefs up, beefed up, beef with, beef between
beef over, where's the beef, rap beef, twitter beef, beef stew, corned beef, ground beef recipe, calf muscle*
calf injur*, calf strain*, golden calf, bird feeder*, bottom feeder*, feeder school*, feeder club*, feeder cable*
milk it, milk the, bread and butter, peanut butter, body butter, big cheese, say cheese, butter up, harvey milk
almond milk, oat milk latte, orange county, agent orange, orange is the new black, orange revolution, orange bowl
clockwork orange, orange alert, orange beach, orange order, william of orange, condoleezza rice, rice university
jerry rice, susan rice, anne rice, ray rice, tim rice, grain of salt, grain of truth, against the grain, wild oats
shiver me timbers, timber wolves, lumber liquidators, cross timbers, juice box, juice cleanse*, juice wrld
""")

# Words that often mean something else than a traded thing need company, and those that mostly do need more of it.
AMBIGUOUS: Final = word_set("""
hog pig pigs asf cutout beef heifer calf calves feeder feeders milk cheese oat oatmeal grain timber housing
""")
MOSTLY_OTHER: Final = word_set("packer packers slaughter sow sows barrow steer steers butter orange oranges juice rice")

# "miners hog supply": these before the verb stand for those who hog, and other words in plural do too.
HOGGING: Final = word_set(
    "to will would can could may might and or who that don't didn't doesn't not people they we you i"
)
# After "hog" these show the animal, even after a plural: "shortages lift hog prices".
HOG_COMPANY: Final = word_set("""
supplier suppliers sites complex cholera value values run movement population and or as on in at to after for with by
""")

# Words of markets, trade, supply and animal health.
TRADE: Final = word_set("""
desk futures price prices priced sales pricing market markets cash bid bids offer offers basis cutout carcass
carcasses export exports exporter exporters import imports importer importers tariff tariffs duties quota ban bans
supply supplies demand slaughter slaughterhouse slaughterhouses packer packers usda cme cbot ice nymex futs contract
contracts spot herd herds producer producers production output inventory inventories stocks stockpiles weights margin
margins barrow barrows gilt gilts sow sows farrowing farrowings bellies hams loins picnics trimmings cutouts carcase
fever asf prrs pedv bse disease virus outbreak outbreaks cull culling quarantine screwworm wasde nass crop crops
acreage plantings harvest yields bushel bushels tonnes tons cwt cents lb lbs pound feedlot feedlots placements
breeding processor processors processing plant plants kill headcount hundredweight shipments shipment consumption
wholesale retail industry commodity commodities trade traders trading speculators hedge funds rally settle settled
settles limit-up limit-down mill mills sawmill sawmills board-feet builders starts permits mortgage powder auction
dairy feed corn soymeal smithfield jbs tyson hormel seaboard wh cargill clemens prestage maxwell
""")

# Weaker company: farming in general, and directions that a price takes.
FARMING: Final = word_set("""
farm farms farmer farmers farming grower growers agriculture agricultural ag barn barns ranch ranchers rancher
livestock meat meatpacker meatpacking industry sector trade china mexico japan korea brazil eu iowa minnesota midwest
weekly report reports seasonal midday closing morning afternoon outlook forecast forecasts estimate estimates analyst
analysts rise rises rose rising fall falls fell falling gain gains gained higher lower up down surge surges surged
soar soars soared slump slumps slumped tumble tumbles tumbled plunge plunges plunged drop drops dropped slide slides
slid rally rallies rallied rebound rebounds rebounded firm firmer steady weak weaker strong stronger mixed jump jumps
jumped climb climbs climbed sink sinks sank ease eases eased decline declines declined record tight glut shortage
recall recalls lean numbers head wrap notes brief round-up roundup update recap expansion costs profits losses
""")

# Worlds that words of trade do not outweigh: motorcycles and cars, kitchens and tables, fairs, bars. Only a name of the
# traded thing does, as in "hog futures slip as packers skip the festival".
DECISIVE: Final = word_set("""
harley harley-davidson motorcycle motorcycles motorbike motorbikes ducati kawasaki bikers biker porsche ferrari
lamborghini bugatti mustang corvette sedan hatchback livery roadster supercar recipe recipes dinner dinners supper
suppers weeknight weeknights slow-cooker crockpot casserole cookbook cookbooks crispy delicious tasty juicy
flavour flavor flavours flavors marinade marinated roasted braised roast festival festivals fest carnival fairground
fairgrounds fairgoers saloon saloons pub pubs tavern taverns nightclub brewpub diner diners bistro eatery scammer
scammers swindler swindlers romance collectors figurine figurines plush
""")
DECISIVE_PHRASES: Final = phrase_set("""
county fair, state fair, food fair, village fair, village show, county show, street fair, street food, air fryer
dry rub, talent show, bed and breakfast
""")
NAMES_OF_THE_TRADED: Final = phrase_set("""
lean hogs, hog futures, lean hog, cash hogs, cash hog, hog prices, hog price, pork futures, pork cutout, hog slaughter
hog herd, hog producers, hog farmers, hog farms, pork producers, pork processor, pork plant, pork exports, pork imports
swine fever, market hogs, slaughter hogs, live cattle, feeder cattle, cattle futures, milk futures, lumber futures
rice futures, juice futures, oat futures, oats futures, grain futures, pork reserves, pork reserve, pork supply
pork supplies, pork output, pork production, hog supply, hog supplies, spring festival, mid-autumn festival
""")

# Other worlds: people, sport, screens, kitchens, pets, crime.
ELSEWHERE: Final = word_set("""
celebrity celebrities actor actors actress singer singers rapper rappers popstar film films filmmaker movie movies
album albums song songs concert concerts netflix disney hbo oscar oscars grammy grammys emmy emmys hollywood bollywood
kardashian kardashians beyonce rihanna bieber clooney gaga instagram tiktok snapchat selfie selfies paparazzi
red-carpet premiere sitcom cartoon cartoons comic comics novel novels memoir author authors bestseller gamer gamers
videogame xbox nintendo playstation minecraft roblox nfl nba nhl mlb ncaa touchdown touchdowns quarterback
quarterbacks coach coaches coached razorbacks football basketball baseball soccer softball hockey rugby cricket tennis
golf wrestler wrestling playoff playoffs fans fan stadium championship tournament olympics olympic league bowl lsu
linebacker receiver defense kickoff halftime rookie wedding weddings bride divorce divorced dating boyfriend
girlfriend fiance pregnant fashion runway model models recipe recipes chef chefs restaurant restaurants barbecue bbq
grilled grilling cookbook cookbooks cook-off crockpot casserole tacos sandwich sandwiches brunch foodie motorcycle
motorcycles harley harley-davidson bikers biker sturgis zoo zoos pet pets petting mascot mascots costume costumes
museum museums painting paintings sculpture theatre theater musical broadway ballet meme memes viral youtube youtuber
prank pranks podcast comedian comedy sketch talkshow host hosts spotlight limelight paparazzo tour tours band bands
guitarist drummer lyrics fandom influencer influencers horoscope lottery murder murdered murders killer stabbing
genocide massacre massacred terrorist terrorists militants gunman shooting rebels civilians earmark earmarks
filibuster pageant birthday burger tattoo hogwarts potter wizard potter's quidditch sonic hedgehog transplant surgeon
surgeons patient villa mansion yacht duet duets gig gigs festival festivals trailer sequel season episode episodes dvd
vinyl radio dj anime manga emoji toddler nursery schoolchildren preschool kindergarten storybook rodeo parade
""")
