using Flyscan.Persistence.Documents;
using Xunit;

namespace Flyscan.Tests.Persistence.Documents;

public sealed class DocumentWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-documents-").FullName;

    public static TheoryData<string> Stories => RunStory.Names;

    private string FilePath => Path.Combine(_folder, "documents.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Stories))]
    public void A_run_cut_at_any_event_is_continued_without_duplicates(string story)
    {
        var events = RunStory.Of(story);
        var whole = RunStory.Documents(events);
        var expected = string.Concat(whole.Select(d => d.Line + "\n"));
        for (var cut = 0; cut <= events.Count; cut++)
        {
            File.Delete(FilePath);
            using (var before = DocumentWriter.Open(FilePath))
                before.Append(RunStory.Documents(events.Take(cut)));
            using (var after = DocumentWriter.Open(FilePath))
                Assert.Equal(whole.Length - after.Found, after.Append(whole));
            Assert.Equal(expected, File.ReadAllText(FilePath));
        }
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_continued()
    {
        var whole = RunStory.Documents(RunStory.Of("resumed"));
        using (var first = DocumentWriter.Open(FilePath))
            first.Append(whole);
        var bytes = File.ReadAllBytes(FilePath);
        for (var cut = 0; cut < bytes.Length; cut += 7)
        {
            File.WriteAllBytes(FilePath, bytes[..cut]);
            using (var again = DocumentWriter.Open(FilePath))
                again.Append(whole);
            Assert.True(bytes.AsSpan().SequenceEqual(File.ReadAllBytes(FilePath)), $"cut at byte {cut}");
        }
    }

    [Fact]
    public void A_last_line_of_zeros_that_a_power_cut_left_is_truncated()
    {
        var whole = RunStory.Documents(RunStory.Of("finished"));
        File.WriteAllText(FilePath, whole[0].Line + "\n" + new string('\0', 40) + "\n");
        using (var writer = DocumentWriter.Open(FilePath))
        {
            Assert.Equal(1, writer.Found);
            writer.Append(whole.Take(2));
        }
        Assert.Equal(whole[0].Line + "\n" + whole[1].Line + "\n", File.ReadAllText(FilePath));
    }

    [Fact]
    public void A_torn_last_line_is_truncated_on_opening_though_nothing_is_appended()
    {
        var first = RunStory.Documents(RunStory.Of("finished"))[0].Line + "\n";
        File.WriteAllText(FilePath, first + "{\"name\":\"des");
        DocumentWriter.Open(FilePath).Dispose();
        Assert.Equal(first, File.ReadAllText(FilePath));
    }

    [Fact]
    public void Documents_come_one_batch_at_a_time_and_are_readable_at_once()
    {
        var whole = RunStory.Documents(RunStory.Of("finished"));
        using var writer = DocumentWriter.Open(FilePath);
        for (var i = 0; i < whole.Length; i++)
        {
            Assert.Equal(1, writer.Append([whole[i]]));
            using var reader = new StreamReader(new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            Assert.Equal(i + 1, reader.ReadToEnd().Count(c => c == '\n'));
        }
    }

    [Fact]
    public void A_file_of_another_run_is_refused_with_line_and_both_ids()
    {
        var whole = RunStory.Documents(RunStory.Of("finished"));
        using (var first = DocumentWriter.Open(FilePath))
            first.Append(whole);
        var other = RunStory.Documents(RunStory.Of("finished"), RunStory.Description with { Uid = "another" });
        using var writer = DocumentWriter.Open(FilePath);
        var error = Assert.Throws<DocumentException>(() => writer.Append(other));
        Assert.Contains($"line 1: there is start {RunStory.Uid}, where the journal gives start another", error.Message);
    }

    [Fact]
    public void A_broken_line_in_the_middle_is_an_error_and_is_left_alone()
    {
        var whole = RunStory.Documents(RunStory.Of("finished"));
        var text = whole[0].Line + "\n{\"name\":\n" + whole[1].Line + "\n";
        File.WriteAllText(FilePath, text);
        Assert.Contains("line 2 is not a document", Assert.Throws<DocumentException>(() => DocumentWriter.Open(FilePath)).Message);
        Assert.Equal(text, File.ReadAllText(FilePath));
    }
}
