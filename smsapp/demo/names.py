"""The names that the people of a demonstration are made of."""

_FIRST = """
    Inès Thomas Léa Mathieu Chloé Karim Sophie Manon Julien Aurélie Nathan Émilie Hugo Camille Élodie Nicolas Claire
    Antoine Marine Alexandre Pauline Maxime Sarah Romain Laura Quentin Justine Florian Mélanie Clément Amélie Guillaume
    Céline Benoît Virginie Jérôme Stéphanie Sébastien Nathalie François Isabelle Frédéric Valérie Olivier Sandrine
    Philippe Véronique Laurent Christine Pascal Catherine Éric Martine Michel Françoise Jean Monique Pierre Jacqueline
    André Denise Marcel Simone Louise Gabriel Jade Raphaël Emma Arthur Alice Louis Mila Jules Rose Adam Anna Lucas
    Léna Gaspard Zoé Noé Agathe Éloïse Timéo Margaux Sacha Capucine Tom Apolline Victor Inaya Augustin Lina Basile
    Yasmine Mehdi Amina Samir Fatou Moussa Aïcha Ibrahim Nadia Rachid Leïla Yanis Soraya Bilal Malika Farid Samira
    Anaïs Loïc Maëlle Yann Gwenaëlle Ronan Solenn Erwan Nolwenn Goulven Katell Malo Joëlle Gaël Noémie Joël Thaïs
    Mickaël Maëva Théo Cécile Grégory Hélène Cédric Delphine Rémi Angélique Adrien Stéphane Hervé Odile Régis Solène
    Marie-Emmanuelle Jean-Baptiste Anne-Sophie Pierre-Yves Marie-Claire Jean-Marc Ange Ghjulia Paulu Xavier Maïté
    Oihana Peio Lucie Fabien Vincent Patricia Bruno Dominique Sylvie Thierry Brigitte Gilles Corinne Alain Josiane
"""
FIRST_NAMES = tuple(_FIRST.split())

_FAMILY = """
    Moreau Bernard Girard Lefèvre Garnier Benali Marchand Petit Faure Rolland Caron Dupuis Lambert Perrin Martin Robert
    Richard Durand Dubois Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel Fournier Bonnet Dupont Fontaine
    Rousseau Vincent Muller Mercier Blanc Guérin Boyer Chevalier Gauthier Robin Clément Morin Nicolas Henry Roussel
    Masson Duval Denis Mathieu Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas
    Brunet Gaillard Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Leroux Colin Vidal Picard Aubert Renaud
    Olivier Philippe Bourgeois Pierre Fabre Hubert Charpentier Leclerc Vasseur Benoit Bailly Hervé Carpentier Rey
    Deschamps Cousin Boulanger Marchal Besson Perez Baron Maillard Royer Prévost Pelletier Rodriguez Huet Tessier Weber
    Poirier Carlier Klein Germain Bouvier Perrot Gonzalez Leblanc Delaunay Étienne Jacquet Guillot Poulain Millet Pons
    Aubry Mallet Lévêque Le_Goff Le_Gall Kerbrat Guéguen Riou Tanguy Morvan Cariou Quéméner Le_Roux Salaün Bihan
    Paoli Casanova Santoni Mattei Colonna Etcheverry Harispe Ibarra Haddad Belkacem Bouzid Cherif Saïdi Mansouri Traoré
    Diallo Koné Camara Ndiaye Nguyen Tran Pham Da_Silva Ferreira Lopes Rossi Ricci Kowalski Nowak Schneider Hoffmann
    Zimmermann Vandenberghe Delattre Lecomte Lacroix Lebrun d'Arcy Saint-Martin Beaumont Valette Teyssier Boissière
    Chastain Delmas Vialatte Mazel Serres Bastide Cazaux Labat Dupouy Rivoire Montagnier Bouchet Favre Béraud Peyre
"""  # an underscore stands for a space
FAMILY_NAMES = tuple(name.replace("_", " ") for name in _FAMILY.split())

TRADES = (
    "Boulangerie {}", "Cabinet {}", "{} & Fils", "Garage {}", "Pharmacie {}", "{} Immobilier", "Atelier {}",
    "Transports {}", "Domaine {}", "{} Paysages", "Fromagerie {}", "{} Optique", "Librairie {}", "Maison {}",
    "Institut {}", "Menuiserie {}", "{} Conseil", "Hôtel {}", "Cave {}", "Studio {}", "{} Électricité", "Fleurs {}",
    "Traiteur {}", "Clinique {}", "Agence {}", "Brasserie {}",
)  # fmt: skip

TOWNS = (
    "Aix-en-Provence", "Marseille", "Lyon", "Manosque", "Avignon", "Nîmes", "Toulon", "Grasse", "Valence", "Grenoble",
    "Montpellier", "Nice", "Saint-Étienne", "Annecy", "Béziers", "Salon-de-Provence", "Forcalquier", "Paris", "Nantes",
    "Bordeaux", "Lille", "Rennes", "Strasbourg", "Ajaccio", "Fort-de-France", "Saint-Denis",
)  # fmt: skip
