"""The end of a year: what lapses, what is carried over, what a closed year keeps."""
