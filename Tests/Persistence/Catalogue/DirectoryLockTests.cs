using Flyscan.Persistence.Catalogue;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Persistence.Catalogue;

public sealed class DirectoryLockTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("flyscan-lock-").FullName, "data");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public void A_second_one_is_told_who_has_the_folder()
    {
        using var first = Taken(DirectoryLock.Acquire(_folder));
        var refused = Assert.IsType<Outcome<DirectoryLock>.Refused>(DirectoryLock.Acquire(_folder));
        Assert.Equal(
            $"{_folder} is in use by pid {Environment.ProcessId} on {Environment.MachineName}. " +
            "Wait for it, end it, or give another folder with --out.",
            refused.Reason);
    }

    [Fact]
    public void A_folder_that_was_freed_can_be_taken_again()
    {
        Taken(DirectoryLock.Acquire(_folder)).Dispose();
        Taken(DirectoryLock.Acquire(_folder)).Dispose();
    }

    [Fact]
    public void A_lock_file_left_by_a_dead_process_is_no_lock()
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(RunFolder.LockOf(_folder), "pid 1 on a-host-with-a-very-long-name.example\n");
        using (Taken(DirectoryLock.Acquire(_folder)))
            Assert.Contains($"pid {Environment.ProcessId} on {Environment.MachineName}.", DirectoryLock.Acquire(_folder).Problem);
        Assert.Equal($"pid {Environment.ProcessId} on {Environment.MachineName}\n", File.ReadAllText(RunFolder.LockOf(_folder)));
    }

    [Fact]
    public void A_folder_where_no_lock_can_be_made_is_not_said_to_be_in_use()
    {
        Directory.CreateDirectory(RunFolder.LockOf(_folder));
        Assert.ThrowsAny<UnauthorizedAccessException>(() => DirectoryLock.Acquire(_folder));
    }

    private static DirectoryLock Taken(Outcome<DirectoryLock> outcome) => Assert.IsType<Outcome<DirectoryLock>.Completed>(outcome).Value;
}
