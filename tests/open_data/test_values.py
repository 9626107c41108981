"""Values as files spell them: repaired where one reading is possible, else refused."""

import pytest

from services.open_data.values import READERS, value_of

REPAIRED = [
    ("montant", "22000,80", "22000.80"),
    ("montant", "58 400,00", "58400.00"),
    ("montant", "58\u00a0400,00", "58400.00"),
    ("montant", "58\u202f400,00 €", "58400.00"),
    ("montant", "58.400,00", "58400.00"),
    ("montant", "58,400.00", "58400.00"),
    ("montant", "1 234 567", "1234567.00"),
    ("montant", "47800.2000", "47800.20"),
    ("idAttribuant", "215 903 501 00017", "21590350100017"),
    ("idAttribuant", "21590350100017.0", "21590350100017"),
    ("idAttribuant", "'21590350100017", "21590350100017"),
    ("dateConvention", "2023-05-15T00:00:00", "2023-05-15"),
    ("dateConvention", "2023/05/15", "2023-05-15"),
    ("dateConvention", "20230515", "2023-05-15"),
    ("dateConvention", "15/05/2023", "2023-05-15"),
    ("dateConvention", "05/05/2023", "2023-05-05"),
    ("dateConvention", "29.2.2024", "2024-02-29"),
    ("datesPeriodeVersement", "2017-12-14_2018-12-14", "2017-12-14/2018-12-14"),
    ("datesPeriodeVersement", "2017-12-14 / 2018-12-14", "2017-12-14/2018-12-14"),
    ("datesPeriodeVersement", "14/12/2017_14/12/2018", "2017-12-14/2018-12-14"),
    ("datesPeriodeVersement", "2023", "2023-01-01/2023-12-31"),
    ("datesPeriodeVersement", "2023_2024", "2023-01-01/2024-12-31"),
    ("nature", "en numéraire", "aide en numéraire"),
    ("nature", "AIDE EN NUMERAIRE", "aide en numéraire"),
    ("nature", "aide en num\ufffdraire", "aide en numéraire"),
    ("nature", "aide en nature, aide en numéraire", "aide en nature;aide en numéraire"),
    ("nature", "aide en nature; aide en numéraire", "aide en nature;aide en numéraire"),
    ("conditionsVersement", "Echelonné", "échelonné"),
    ("notificationUE", "Oui", "oui"),
    ("notificationUE", "FALSE", "non"),
    ("pourcentageSubvention", "80", "0.80"),
    ("pourcentageSubvention", "100", "1.00"),
    ("pourcentageSubvention", "0,8", "0.80"),
    ("pourcentageSubvention", "80 %", "0.80"),
    ("pourcentageSubvention", "12,5", "0.125"),
    ("pourcentageSubvention", "1%", "0.01"),
    ("pourcentageSubvention", "1,5 %", "0.015"),
    ("pourcentageSubvention", "2", "0.02"),
    ("rnaBeneficiaire", "w595 012 345", "W595012345"),
]

REFUSED = [
    ("montant", "58,400"),
    ("montant", "58.400"),
    ("montant", "22000,805"),
    ("montant", "-5"),
    ("montant", "5e4"),
    ("montant", "58 40"),
    ("idAttribuant", "7,86E+13"),
    ("idAttribuant", "2.159035E+13"),
    ("idAttribuant", "215903501"),
    ("idAttribuant", "21590350100018"),
    ("idAttribuant", "1590350100017"),
    ("idAttribuant", "sans objet"),
    ("nomBeneficiaire", "sans objet"),
    ("nomAttribuant", " Néant "),
    ("objet", "Non concerné"),
    ("dateConvention", "2023"),
    ("dateConvention", "05/12/2023"),
    ("dateConvention", "2023-02-30"),
    ("dateConvention", "31/02/2023"),
    ("dateConvention", "2023-05-14T22:00:00Z"),
    ("dateConvention", "45061"),
    ("dateConvention", "fin de l'action"),
    ("datesPeriodeVersement", "2023-12-31/2023-01-01"),
    ("datesPeriodeVersement", "2024_2023"),
    ("datesPeriodeVersement", "2023-01-01_2023-06-30_2023-12-31"),
    ("datesPeriodeVersement", "2023-01-01/"),
    ("datesPeriodeVersement", "courant 2023"),
    ("nature", "aide en numéraire;prêt"),
    ("nature", ";"),
    ("conditionsVersement", "x" * 257),
    ("notificationUE", "sans objet"),
    ("pourcentageSubvention", "0"),
    ("pourcentageSubvention", "0.005"),
    ("pourcentageSubvention", "101"),
    ("pourcentageSubvention", "1.5"),
    ("pourcentageSubvention", "1,01"),
    ("pourcentageSubvention", "total"),
    ("idRAE", "123456"),
    ("rnaBeneficiaire", "W9G1001234"),
]

AS_IT_IS = [
    ("montant", "0.5"),
    ("montant", "47800"),
    ("idBeneficiaire", "35600000000048"),
    ("dateConvention", "2024-02-29"),
    ("datesPeriodeVersement", "2023-05-15"),
    ("datesPeriodeVersement", "2023-05-15/2023-05-15"),
    ("nature", "aide en nature;aide en numéraire"),
    ("conditionsVersement", "autre : à la remise du bilan"),
    ("pourcentageSubvention", "0.333333"),
    ("pourcentageSubvention", "1"),
    ("nomBeneficiaire", " Antibes Rallye "),
    ("objet", "x" * 256),
]


@pytest.mark.parametrize(("field", "found", "expected"), REPAIRED)
def test_one_reading_is_written_so(field: str, found: str, expected: str) -> None:
    value = value_of(field, found, required=True)
    assert expected == value.text
    assert value.why is not None


@pytest.mark.parametrize(("field", "found"), REFUSED)
def test_no_reading_or_several_are_refused(field: str, found: str) -> None:
    value = value_of(field, found, required=True)
    assert value.text is None
    assert value.why is not None


@pytest.mark.parametrize(("field", "found"), AS_IT_IS)
def test_what_the_schema_allows_stays_as_it_is(field: str, found: str) -> None:
    assert (found, None) == value_of(field, found, required=True)


@pytest.mark.parametrize(("field", "found", "expected"), REPAIRED)
def test_what_was_repaired_stays_so(field: str, found: str, expected: str) -> None:
    del found
    assert (expected, None) == value_of(field, expected, required=True)


@pytest.mark.parametrize("field", READERS)
def test_an_empty_value_is_refused_where_it_is_required(field: str) -> None:
    assert value_of(field, " \u00a0", required=True).text is None
    assert ("", None) == value_of(field, " \u00a0", required=False)


def test_sans_objet_says_that_an_optional_field_is_empty() -> None:
    assert "" == value_of("idBeneficiaire", "Sans objet", required=False).text
